"""Three brokers, or a cluster that was there before; the gate that holds topics back until all brokers answer; and the topics.

Inside the cluster the pipeline's own brokers speak plain text: network policies keep others out, and nothing else does. Losing one
broker loses nothing; losing two stops writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kafka as kafka_sdk
import pulumi_random as random

from components.objects import Objects
from providers.kafkaconnect import ClusterReady, Provider
from settings.names import BROKERS, KAFKA_CONTROLLER_PORT, KAFKA_INTERNAL_PORT
from specification import manifest
from specification.properties import properties_text
from specification.streaming import kafka, pods, registry
from specification.streaming.topics import change_topics, support_topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.streaming.contract import StreamingArgs
    from specification.streaming.topics import TopicSpec


_MECHANISMS = {"SCRAM-SHA-512": "scram-sha512", "SCRAM-SHA-256": "scram-sha256", "PLAIN": "plain"}
"""The Kafka provider's names for them; user and password it takes from KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD."""


class Brokers(pulumi.ComponentResource):
    """The Kafka cluster and every topic in it."""

    topics: tuple[kafka_sdk.Topic, ...]

    def __init__(self, name: str, args: StreamingArgs, worker: Provider, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare brokers, services, gate and topics; ``worker`` is the provider that the gate is a resource of."""
        super().__init__("cdc:streaming:Brokers", name, None, opts)
        self._args = args
        self._objects = Objects(
            parent=self,
            prefix=name,
            namespace=args.ground.namespace,
            component="kafka",
            protect=args.ground.protect,
            keep_volumes=args.ground.keep_volumes,
        )
        self._name = name
        services, rollout = self._own() if args.kafka.is_managed else ([], "external")
        self.topics = tuple(self._topics(self._gate(services, rollout, worker)))
        self.register_outputs({"bootstrapServers": args.bootstrap})

    def _own(self) -> tuple[list[pulumi.Resource], str]:
        """The brokers' services, and a digest of what the brokers are made from."""
        files, pod = self._files(), self._pod()
        services = self._services(self._workload(pod, files))
        self._objects.disruption_budget()
        return services, manifest.checksum(files, pod)

    def _files(self) -> dict[str, str]:
        args = self._args
        files = {
            f"{broker.name}.properties": properties_text(kafka.server_properties(args.names, ordinal, broker.outside, args.kafka.extra))
            for ordinal, broker in enumerate(args.reach.brokers)
        }
        return {**files, "log4j2.properties": kafka.LOGGING}

    def _pod(self) -> manifest.Manifest:
        pod = pods.broker_pod(self._args.kafka, self._args.kafka_image)
        return {**pod, "topologySpreadConstraints": pods.spread("kafka", self._args.spread, BROKERS)}

    def _workload(self, pod: manifest.Manifest, files: dict[str, str]) -> pulumi.Resource:
        args, objects = self._args, self._objects
        identity = random.RandomBytes(f"{self._name}-cluster-id", length=16, opts=objects.options()).base64.apply(kafka.cluster_id)
        ports = {"internal": KAFKA_INTERNAL_PORT, "controller": KAFKA_CONTROLLER_PORT}
        mounted = [
            objects.account(),
            objects.files("kafka-cluster", {"cluster-id": identity}),
            objects.files("kafka-config", files),
            objects.headless("kafka-headless", ports, before_ready=True),  # the brokers find each other before any of them is ready
        ]
        claim = manifest.volume_claim("data", args.ground.streaming_class, args.kafka.storage_mib)
        return objects.stateful_set(pod, manifest.checksum(files), claim, BROKERS, mounted)

    def _services(self, workload: pulumi.Resource) -> list[pulumi.Resource]:
        """A service for each broker: a client is sent to the broker that leads a partition, so every one must be reachable by itself."""
        return [
            self._objects.published(broker, workload, **{"statefulset.kubernetes.io/pod-name": broker.name})
            for broker in self._args.reach.brokers
        ]

    def _gate(self, services: Sequence[pulumi.Resource], rollout: str, worker: Provider) -> ClusterReady:
        """Holds topics back until every broker answers from here; checked again after each rollout."""
        external = self._args.kafka.external
        return ClusterReady(
            f"{self._name}-ready",
            bootstrap_servers=self._args.bootstrap,
            brokers=external.brokers if external else BROKERS,
            rollout=rollout,
            security={"protocol": external.protocol, "mechanism": external.mechanism} if external else None,
            partitions={topic.name: topic.partitions for topic in self._declared()},
            opts=pulumi.ResourceOptions(parent=self, provider=worker, depends_on=list(services)),
        )

    def _declared(self) -> list[TopicSpec]:
        args = self._args
        return [
            *change_topics(args.names, args.tables, args.topics),
            *support_topics(args.names),
            *registry.topics(args.registry.kind),
            *args.sink_topics,
        ]

    def _topics(self, gate: ClusterReady) -> list[kafka_sdk.Topic]:
        # the provider keeps its first connection error for good, so it must not exist before the brokers answer
        external = self._args.kafka.external
        provider = kafka_sdk.Provider(
            f"{self._name}-provider",
            bootstrap_servers=self._args.bootstrap,
            tls_enabled=external is not None and external.protocol != "PLAINTEXT",
            skip_tls_verify=False,  # said, or KAFKA_SKIP_VERIFY in somebody's environment decides
            sasl_mechanism=_MECHANISMS[external.mechanism] if external and external.logs_in else None,
            kafka_version="3.9.0",
            opts=self._objects.options(gate),
        )
        keep, inside = self._args.ground.protect or None, external is None
        options = pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            protect=keep,
            retain_on_delete=keep,
            deleted_with=self._args.ground.ends_with if inside else None,
        )
        return [
            kafka_sdk.Topic(
                f"{self._name}-topic-{topic.name}",
                name=topic.name,
                partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config=topic.config,
                opts=options,
            )
            for topic in self._declared()
        ]
