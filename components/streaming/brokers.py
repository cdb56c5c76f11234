"""Kafka: three brokers or an existing cluster, a gate that delays the topics until all brokers answer, and the topics.

Brokers created by the program speak plain text inside the cluster; only network policies keep other pods out. The loss of one broker loses
no data; the loss of two stops writes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kafka as kafka_sdk
import pulumi_random as random

from components.objects import ObjectFactory
from providers.kafkaconnect.sdk import ClusterReady, Provider
from stack.settings.names import KAFKA_CONTROLLER_PORT, KAFKA_INTERNAL_PORT
from stack.specification import names
from stack.specification.streaming.kafka import cluster_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import FoundationResources
    from stack.specification.streaming.parts import Brokers, Kafka


class KafkaComponent(pulumi.ComponentResource):
    """The Kafka cluster and every topic in it."""

    topics: tuple[kafka_sdk.Topic, ...]

    def __init__(
        self, name: str, spec: Kafka, foundation: FoundationResources, worker: Provider, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare brokers, services, gate and topics; ``worker`` is the provider of the gate."""
        super().__init__("cdc:streaming:Brokers", name, None, opts)
        self._name, self._spec, self._foundation = name, spec, foundation
        self._objects = ObjectFactory(
            parent=self, prefix=name, namespace=foundation.namespace, component="kafka", protect=foundation.protect
        )
        services = self._services(spec.created) if spec.created else []
        rollout = spec.created.rollout if spec.created else "external"
        self.topics = tuple(self._topics(self._gate(services, rollout, worker)))
        self.register_outputs({"bootstrapServers": list(spec.bootstrap)})

    def _services(self, brokers: Brokers) -> list[pulumi.Resource]:
        workload = self._workload(brokers)
        return [
            self._objects.published(broker, workload, **{"statefulset.kubernetes.io/pod-name": broker.name}) for broker in brokers.published
        ]

    def _workload(self, brokers: Brokers) -> pulumi.Resource:
        objects = self._objects
        identity = random.RandomBytes(f"{self._name}-cluster-id", length=16, opts=objects.options()).base64.apply(cluster_id)
        ports = {"internal": KAFKA_INTERNAL_PORT, "controller": KAFKA_CONTROLLER_PORT}
        mounted = [
            objects.account(),
            objects.files(names.KAFKA_CLUSTER, {names.KAFKA_CLUSTER_ID: identity}),
            *(objects.files(name, files) for name, files in brokers.workload.files.items()),
            # the brokers must resolve each other before any of them is ready
            objects.headless("kafka-headless", ports, before_ready=True),
        ]
        return objects.workload(brokers.workload, mounted)

    def _gate(self, services: Sequence[pulumi.Resource], rollout: str, worker: Provider) -> ClusterReady:
        """Declare the gate, which opens once every broker answers the program and checks again at each rollout."""
        spec = self._spec
        return ClusterReady(
            f"{self._name}-ready",
            bootstrap_servers=list(spec.bootstrap),
            brokers=spec.brokers,
            rollout=rollout,
            security=dict(spec.security) if spec.security else None,
            partitions={topic.name: topic.partitions for topic in spec.topics},
            epoch=spec.epoch if spec.epoch > 1 else None,  # the first one is the default, for stacks that know of none
            opts=pulumi.ResourceOptions(parent=self, provider=worker, depends_on=list(services)),
        )

    def _topics(self, gate: ClusterReady) -> list[kafka_sdk.Topic]:
        # the provider never recovers from its first connection error, so it must not exist before the brokers answer
        provider = kafka_sdk.Provider(
            f"{self._name}-provider",
            bootstrap_servers=list(self._spec.bootstrap),
            tls_enabled=self._spec.tls,
            skip_tls_verify=False,  # explicit, or KAFKA_SKIP_VERIFY in an environment decides
            sasl_mechanism=self._spec.mechanism,
            kafka_version="3.9.0",
            opts=self._objects.options(gate),
        )
        keep = self._foundation.protect or None
        options = pulumi.ResourceOptions(
            parent=self,
            provider=provider,
            protect=keep,
            retain_on_delete=keep,
            deleted_with=self._foundation.ends_with if self._spec.created else None,
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
            for topic in self._spec.topics
        ]
