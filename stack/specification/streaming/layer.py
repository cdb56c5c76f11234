"""Specification of the streaming layer: Kafka, schema registry, Connect and the Debezium connector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.names import BROKERS
from stack.specification import logs, manifest
from stack.specification import names as objects
from stack.specification.foundation import STREAMING_CLASS
from stack.specification.monitoring import jmx
from stack.specification.properties import properties_text
from stack.specification.source.sql import drop_slot_by_hand
from stack.specification.streaming import connect, debezium, kafka, pods, registry
from stack.specification.streaming.parts import Brokers, Connect, ConnectorSpec, Kafka, Registry, Streaming
from stack.specification.streaming.topics import change_topics, iceberg_topics, on_existing_cluster, record_mib, support_topics
from stack.specification.workload import deployment, stateful_set

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.settings.streaming import ExistingKafka
    from stack.specification.services import Published, PublishedServices
    from stack.specification.source.layer import Source
    from stack.specification.streaming.topics import TopicSpec

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
            config=_source_config(settings, source, url),
            last_config=debezium.LAST_CONFIG,
            by_hand=drop_slot_by_hand(names),
        ),
    )


def _source_config(settings: Settings, source: Source, url: str) -> dict[str, str]:
    names, section, kafka = settings.names, settings.source, settings.streaming.kafka.external
    config = debezium.source_config(names, section.tables, source.inside, url, section.debezium, kafka, record_mib(settings))
    # a further key of the stack wins
    return {**(debezium.COUNTED_BY_TABLE if settings.monitoring.enabled else {}), **config}


def topics(settings: Settings) -> tuple[TopicSpec, ...]:
    """Return every topic that a stack creates."""
    return (
        *change_topics(settings.names, settings.source.tables, settings.streaming.topics, record_mib(settings)),
        *support_topics(settings.names, settings.streaming.topics, record_mib(settings)),
        *registry.topics(settings.streaming.registry.kind),
        *(iceberg_topics(settings.names, settings.archive.sinks) if settings.archive.format == "iceberg" else ()),
    )


def _kafka(settings: Settings, services: PublishedServices) -> Kafka:
    existing = settings.streaming.kafka.external
    if existing is not None:
        declared = on_existing_cluster(topics(settings), settings.streaming.topics.extra)
        return _existing_kafka(existing, declared, settings.streaming.epoch)
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
    agent = jmx.agent(settings, "kafka")
    files |= {logs.LOG4J_FILE: logs.log4j(settings.logs), **dict(agent.files)}
    pod: manifest.Manifest = {
        **pods.broker_pod(section, settings.images.kafka, settings.names.bootstrap_servers, agent),
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
    agent = jmx.agent(settings, "registry")
    files = {**registry.config_files(settings.names, section, settings.streaming.kafka.external, settings.logs), **dict(agent.files)}
    return Registry(
        kind=section.kind,
        url=f"http://{published.outside}{registry.api_path(section.kind)}",
        keepers={
            user: settings.rotation.keepers("audit" if user == registry.AUDIT_USER else "registry")
            for user in registry.users(is_read=settings.is_read)
        },
        workload=deployment(
            registry.NAME,
            registry.registry_pod(section, settings.images.registry_for(section.kind), agent),
            files={objects.REGISTRY_CONFIG: files},
            # the registry reads its users at its start
            checksum=manifest.checksum(
                files, settings.rotation.words("registry", "audit"), *([registry.AUDIT_USER] if settings.is_read else [])
            ),
        ),
        published=published,
    )


def _connect(settings: Settings, published: Published, source: Source) -> Connect:
    section, rotation, kafka_section = settings.streaming.connect, settings.rotation, settings.streaming.kafka
    properties = connect.worker_properties(settings.names, section.extra, kafka_section.external)
    agent = jmx.agent(settings, "connect")
    files = {
        "worker.properties": properties_text(properties),
        logs.LOG4J_FILE: logs.log4j(settings.logs, agent.logging),
        **dict(agent.files),
    }
    pod = _connect_pod(settings, source, agent)
    # a rotated key of AWS is in a Secret of another name, which rolls the pods anyway
    credentials = (*_READ_ONCE, "archive") if settings.archive.endpoint else _READ_ONCE
    is_read = settings.monitoring.enabled
    words = rotation.words(*credentials, *(["audit"] if is_read else []))
    checksum = manifest.checksum(files, words, *([connect.READER_USER] if is_read else []))
    return Connect(
        url=f"http://{published.outside}",
        keepers={user: rotation.keepers("audit" if user == connect.READER_USER else "connect") for user in connect.users(is_read=is_read)},
        properties=properties,
        heap_mib=section.jvm.heap_mib,
        workload=deployment("connect", pod, files={objects.CONNECT_CONFIG: files}, checksum=checksum, replicas=section.workers),
        rollout=manifest.checksum(checksum, pod),
        published=published,
    )


def _connect_pod(settings: Settings, source: Source, agent: jmx.Agent) -> manifest.Manifest:
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
    pod = pods.connect_pod(section, settings.images.connect, mounted, later, token, agent)
    if section.workers == 1:
        return pod
    return {**pod, "topologySpreadConstraints": pods.spread("connect", settings.cluster.spread)}
