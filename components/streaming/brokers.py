"""Three brokers, the gate that holds topics back until they all answer, and the topics.

Inside the cluster Kafka speaks plain text: network policies keep others out, and nothing else does. Losing one broker loses
nothing; losing two stops writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kafka as kafka_sdk
import pulumi_random as random

from components import manifest
from components.names import BROKERS, KAFKA_CONTROLLER_PORT, KAFKA_EXTERNAL_PORT, KAFKA_INTERNAL_PORT
from components.objects import Objects
from components.properties import properties_text
from components.streaming import kafka, pods, registry
from components.streaming.topics import change_topics, support_topics
from providers.kafkaconnect import ClusterReady, Provider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.streaming.contract import StreamingArgs
    from components.streaming.topics import TopicSpec


class Brokers(pulumi.ComponentResource):
    """The Kafka cluster and every topic in it."""

    topics: tuple[kafka_sdk.Topic, ...]

    def __init__(self, name: str, args: StreamingArgs, worker: Provider, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare brokers, services, gate and topics; ``worker`` is the provider that the gate is a resource of."""
        super().__init__("cdc:streaming:Brokers", name, None, opts)
        self._args = args
        self._objects = Objects(parent=self, prefix=name, namespace=args.ground.namespace, component="kafka")
        self._name = name
        files = self._files()
        pod = self._pod()
        services = self._services(self._workload(pod, files))
        self.topics = tuple(self._topics(self._gate(pod, files, services, worker)))
        self.register_outputs({"bootstrapServers": args.bootstrap})

    def _files(self) -> dict[str, str]:
        args = self._args
        ports = [port.host for port in args.kafka_ports]
        files = {
            f"kafka-{ordinal}.properties": properties_text(
                kafka.server_properties(args.names, ordinal, args.host_address, ports, args.kafka.extra)
            )
            for ordinal in range(BROKERS)
        }
        return {**files, "log4j2.properties": kafka.LOGGING}

    def _pod(self) -> manifest.Manifest:
        pod = pods.broker_pod(self._args.kafka, self._args.kafka_image)
        return {**pod, "topologySpreadConstraints": pods.spread_over_nodes("kafka")}

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
            self._objects.published(
                f"kafka-{ordinal}", KAFKA_EXTERNAL_PORT, port.node, workload, **{"statefulset.kubernetes.io/pod-name": f"kafka-{ordinal}"}
            )
            for ordinal, port in enumerate(self._args.kafka_ports)
        ]

    def _gate(self, pod: manifest.Manifest, files: dict[str, str], services: Sequence[pulumi.Resource], worker: Provider) -> ClusterReady:
        """Holds topics back until every broker answers from here; checked again after each rollout."""
        return ClusterReady(
            f"{self._name}-ready",
            bootstrap_servers=self._args.bootstrap,
            brokers=BROKERS,
            rollout=manifest.checksum(files, pod),
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
        provider = kafka_sdk.Provider(
            f"{self._name}-provider",
            bootstrap_servers=self._args.bootstrap,
            tls_enabled=False,
            kafka_version="3.9.0",
            opts=self._objects.options(gate),
        )
        options = pulumi.ResourceOptions(parent=self, provider=provider, deleted_with=self._args.ground.ends_with)
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
