"""Specification of the streaming layer: Kafka, schema registry, Connect and the Debezium connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from settings.names import BROKERS
from specification import manifest
from specification import names as objects
from specification.foundation import STREAMING_CLASS
from specification.properties import properties_text
from specification.source.sql import drop_slot_by_hand
from specification.streaming import connect, debezium, kafka, pods, registry
from specification.streaming.parts import Brokers, Connect, ConnectorSpec, Kafka, Registry, Streaming
from specification.streaming.topics import change_topics, iceberg_topics, record_mib, support_topics
from specification.workload import deployment, stateful_set

if TYPE_CHECKING:
    from settings.model import Settings
    from settings.streaming import ExistingKafka
    from specification.services import Published, PublishedServices
    from specification.source.layer import Source
    from specification.streaming.topics import TopicSpec

# Credentials that the worker reads once, when it or a connector starts.
_READ_ONCE = ("debezium", "catalog", "connect", "registry", "kafka")
# The Kafka provider's names for login mechanisms; it takes user and password from KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.
_MECHANISMS = {"SCRAM-SHA-512": "scram-sha512", "SCRAM-SHA-256": "scram-sha256", "PLAIN": "plain"}


def streaming(settings: Settings, services: PublishedServices, source: Source) -> Streaming:
    """Return the specification of the streaming layer."""
    names, section = settings.names, settings.streaming
    url = registry.api_url(names, section.registry)
    return Streaming(
        kafka=_kafka(settings, services),
        registry_url=url,
        registry=_registry(settings, services.registry) if section.registry.is_managed else None,
        connect=_connect(settings, services.connect, source),
        source_connector=ConnectorSpec(
            name=names.source_connector,
            config=debezium.source_config(
                names, settings.source.tables, source.inside, url, settings.source.debezium, section.kafka.external, record_mib(settings)
            ),
            last_config=debezium.LAST_CONFIG,
            by_hand=drop_slot_by_hand(names),
        ),
    )


def topics(settings: Settings) -> tuple[TopicSpec, ...]:
    """Return every topic that a stack creates."""
    return (
        *change_topics(settings.names, settings.source.tables, settings.streaming.topics, record_mib(settings)),
        *support_topics(settings.names, settings.streaming.topics, record_mib(settings)),
        *registry.topics(settings.streaming.registry.kind),
        *(iceberg_topics(settings.names) if settings.archive.format == "iceberg" else ()),
    )


def _kafka(settings: Settings, services: PublishedServices) -> Kafka:
    existing = settings.streaming.kafka.external
    if existing is not None:
        return _existing_kafka(existing, topics(settings), settings.streaming.epoch)
    return Kafka(
        bootstrap=tuple(str(broker.outside) for broker in services.brokers),
        brokers=BROKERS,
        security=None,
        tls=False,
        mechanism=None,
        topics=topics(settings),
        epoch=settings.streaming.epoch,
        created=_brokers(settings, services.brokers),
    )


def _existing_kafka(kafka: ExistingKafka, declared: tuple[TopicSpec, ...], epoch: int) -> Kafka:
    return Kafka(
        bootstrap=kafka.bootstrap_servers,
        brokers=kafka.brokers,
        security={"protocol": kafka.protocol, "mechanism": kafka.mechanism},
        tls=kafka.protocol != "PLAINTEXT",
        mechanism=_MECHANISMS[kafka.mechanism] if kafka.logs_in else None,
        topics=declared,
        epoch=epoch,
        created=None,
    )


def _brokers(settings: Settings, published: tuple[Published, ...]) -> Brokers:
    section = settings.streaming.kafka
    properties = tuple(
        kafka.server_properties(settings.names, ordinal, broker.outside, section.extra) for ordinal, broker in enumerate(published)
    )
    files = {f"{broker.name}.properties": properties_text(own) for broker, own in zip(published, properties, strict=True)}
    files["log4j2.properties"] = kafka.LOGGING
    pod: manifest.Manifest = {
        **pods.broker_pod(section, settings.images.kafka),
        "topologySpreadConstraints": pods.spread("kafka", settings.cluster.spread, BROKERS),
    }
    return Brokers(
        properties=properties,
        workload=stateful_set(
            "kafka",
            pod,
            files={objects.KAFKA_CONFIG: files},
            checksum=manifest.checksum(files),
            claim=manifest.volume_claim("data", section.storage_class or STREAMING_CLASS, section.storage_mib),
            replicas=BROKERS,
            keep_volumes=settings.cluster.keep_volumes,
            bounds_disruption=True,
        ),
        published=published,
    )


def _registry(settings: Settings, published: Published) -> Registry:
    section = settings.streaming.registry
    files = registry.config_files(settings.names, section, settings.streaming.kafka.external)
    return Registry(
        kind=section.kind,
        url=f"http://{published.outside}{registry.api_path(section.kind)}",
        keepers=settings.rotation.keepers("registry"),
        workload=deployment(
            registry.NAME,
            registry.registry_pod(section, settings.images.registry_for(section.kind)),
            files={objects.REGISTRY_CONFIG: files},
            checksum=manifest.checksum(files, settings.rotation.words("registry")),
        ),
        published=published,
    )


def _connect(settings: Settings, published: Published, source: Source) -> Connect:
    section, rotation, kafka_section = settings.streaming.connect, settings.rotation, settings.streaming.kafka
    properties = connect.worker_properties(settings.names, section.extra, kafka_section.external)
    files = {"worker.properties": properties_text(properties), "log4j2.properties": kafka.LOGGING}
    pod = _connect_pod(settings, source)
    # a rotated key of AWS is in a Secret of another name, which rolls the pods anyway
    credentials = (*_READ_ONCE, "archive") if settings.archive.endpoint else _READ_ONCE
    checksum = manifest.checksum(files, rotation.words(*credentials))
    return Connect(
        url=f"http://{published.outside}",
        keepers=rotation.keepers("connect"),
        properties=properties,
        heap_mib=section.jvm.heap_mib,
        workload=deployment("connect", pod, files={objects.CONNECT_CONFIG: files}, checksum=checksum, replicas=section.workers),
        rollout=manifest.checksum(checksum, pod),
        published=published,
    )


def _connect_pod(settings: Settings, source: Source) -> manifest.Manifest:
    section, archive = settings.streaming.connect, settings.archive
    kafka_section, schemas = settings.streaming.kafka.external, settings.streaming.registry.external
    secrets = {
        "source": source.connect_secret,
        "registry": schemas.secret if schemas else objects.REGISTRY_CLIENT,
        "catalog": source.catalog_secret,
        "kafka": kafka_section.secret if kafka_section else None,
        "archive": archive.endpoint.secret if archive.endpoint else None,
    }
    mounted = {name: secret for name, secret in secrets.items() if secret}
    later = None if archive.endpoint else settings.rotation.archive_secret
    token = pods.web_token(archive.web_identity.audience) if archive.web_identity else None
    pod = pods.connect_pod(section, settings.images.connect, mounted, later, token)
    if section.workers == 1:
        return pod
    return {**pod, "topologySpreadConstraints": pods.spread("connect", settings.cluster.spread)}
