"""Three brokers, a schema registry, a Connect worker with its topics, and Debezium on top.

The layer never waits for the archive: the worker mounts the archive's identity as an optional Secret. Losing one broker loses
nothing; losing two stops writes. Inside the cluster Kafka speaks plain text: network policies keep others out, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kafka as kafka_sdk
import pulumi_kubernetes as k8s
import pulumi_random as random

from components import manifest
from components.names import (
    BROKERS,
    CONNECT_PORT,
    KAFKA_CONTROLLER_PORT,
    KAFKA_EXTERNAL_PORT,
    KAFKA_INTERNAL_PORT,
    REGISTRY_PORT,
    Names,
    PublishedPort,
)
from components.properties import properties_text
from components.streaming import connect, kafka, pods, registry
from components.streaming.debezium import source_config
from components.streaming.topics import TopicSettings, TopicSpec, change_topics, support_topics
from providers.kafkaconnect import ClusterReady, Connector, Provider

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import Ground
    from components.source.component import SourceEndpoint
    from components.tables import Table

CONNECT_USER = "operator"


@dataclass(frozen=True, kw_only=True)
class StreamingArgs:
    """What the streaming layer is made from.

    Attributes:
        ground: Namespace and storage classes.
        source: The database to capture.
        names: The pipeline's names.
        tables: The captured tables.
        kafka: Sizes of a broker.
        registry: Kind and sizes of the registry.
        connect: Sizes of the worker.
        topics: The change topics.
        sink_topics: What the chosen sink needs besides.
        kafka_image: Image of the brokers.
        connect_image: Image of the worker.
        registry_image: Image of the registry.
        host_address: Address of the published ports.
        kafka_ports: Published port of each broker.
        registry_port: Published port of the registry.
        connect_port: Published port of the worker.
    """

    ground: Ground
    source: SourceEndpoint
    names: Names
    tables: Sequence[Table]
    kafka: kafka.KafkaSettings
    registry: registry.RegistrySettings
    connect: connect.ConnectSettings
    topics: TopicSettings
    sink_topics: Sequence[TopicSpec]
    kafka_image: str
    connect_image: str
    registry_image: str
    host_address: str
    kafka_ports: Sequence[PublishedPort]
    registry_port: PublishedPort
    connect_port: PublishedPort

    @property
    def bootstrap(self) -> list[str]:
        """The brokers as reached from the machine where the program runs."""
        return [f"{self.host_address}:{port.host}" for port in self.kafka_ports]


@dataclass(frozen=True, kw_only=True)
class StreamEndpoint:
    """The stream as the archive sees it.

    Attributes:
        registry_url: The registry's API inside the cluster.
        worker: Where connectors are managed.
        ready: What must be there before a sink can read.
    """

    registry_url: str
    worker: Provider
    ready: tuple[pulumi.Resource, ...]


class Streaming(pulumi.ComponentResource):
    """Kafka, schema registry, Connect and the source connector."""

    endpoint: StreamEndpoint
    registry_password: pulumi.Output[str]
    connect_password: pulumi.Output[str]

    def __init__(self, name: str, args: StreamingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the layer, from the brokers up."""
        super().__init__("cdc:streaming:Streaming", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self.registry_password = self._password("registry")
        self.connect_password = self._password("connect")
        registry_url = registry.api_url(args.names, args.registry.kind)

        worker = self._worker_provider()
        gate = self._gate(self._broker_services(self._brokers()), worker)
        topics = self._topics(gate)
        registry_service = self._registry(topics)
        connect_service = self._connect([*topics, registry_service])
        self.endpoint = StreamEndpoint(registry_url=registry_url, worker=worker, ready=(*topics, registry_service, connect_service))
        self._source_connector(registry_url)
        self.register_outputs({"bootstrapServers": args.bootstrap, "registryUrl": registry_url})

    def _meta(self, name: str, component: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        return {"name": name, "namespace": self._args.ground.namespace, "labels": manifest.labels(component)}

    def _after(self, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(resources))

    def _password(self, what: str) -> pulumi.Output[str]:
        return random.RandomPassword(f"{self._name}-{what}-password", length=32, special=False, opts=self._child).result

    def _account(self, component: str) -> k8s.core.v1.ServiceAccount:
        return k8s.core.v1.ServiceAccount(
            f"{self._name}-{component}-account",
            metadata=self._meta(component, component),
            automount_service_account_token=False,
            opts=self._child,
        )

    def _published(
        self, name: str, component: str, port: int, node_port: int, workload: pulumi.Resource, **selector: str
    ) -> k8s.core.v1.Service:
        """A service that is reachable from outside; it waits for endpoints, hence after its workload."""
        spec: manifest.Manifest = {
            "type": "NodePort",
            "selector": {**manifest.labels(component), **selector},
            "ports": [{"name": "main", "port": port, "targetPort": port, "nodePort": node_port}],
        }
        return k8s.core.v1.Service(
            f"{self._name}-{name}-service", metadata=self._meta(name, component), spec=spec, opts=self._after(workload)
        )

    def _broker_files(self) -> dict[str, str]:
        args = self._args
        ports = [port.host for port in args.kafka_ports]
        files = {
            f"kafka-{ordinal}.properties": properties_text(kafka.server_properties(args.names, ordinal, args.host_address, ports))
            for ordinal in range(BROKERS)
        }
        return {**files, "log4j2.properties": kafka.LOGGING}

    def _brokers(self) -> k8s.apps.v1.StatefulSet:
        args = self._args
        identity = random.RandomBytes(f"{self._name}-cluster-id", length=16, opts=self._child).base64.apply(kafka.cluster_id)
        files = self._broker_files()
        made: list[pulumi.Resource] = [
            self._account("kafka"),
            k8s.core.v1.ConfigMap(
                f"{self._name}-kafka-cluster",
                metadata=self._meta("kafka-cluster", "kafka"),
                data={"cluster-id": identity},
                opts=self._child,
            ),
            k8s.core.v1.ConfigMap(f"{self._name}-kafka-config", metadata=self._meta("kafka-config", "kafka"), data=files, opts=self._child),
            self._headless_service(),
        ]
        pod = pods.broker_pod(args.kafka, args.kafka_image)
        pod["topologySpreadConstraints"] = pods.spread_over_nodes("kafka")
        spec: manifest.Manifest = {
            "replicas": BROKERS,
            "serviceName": "kafka-headless",
            "podManagementPolicy": "Parallel",  # one after the other would wait for a quorum that never comes
            "selector": {"matchLabels": manifest.labels("kafka")},
            "template": manifest.template("kafka", pod, manifest.checksum(files)),
            "volumeClaimTemplates": [manifest.volume_claim("data", args.ground.streaming_class, args.kafka.storage_mib)],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        }
        return k8s.apps.v1.StatefulSet(f"{self._name}-kafka", metadata=self._meta("kafka", "kafka"), spec=spec, opts=self._after(*made))

    def _headless_service(self) -> k8s.core.v1.Service:
        spec: manifest.Manifest = {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,  # the brokers find each other before any of them is ready
            "selector": manifest.labels("kafka"),
            "ports": [{"name": "internal", "port": KAFKA_INTERNAL_PORT}, {"name": "controller", "port": KAFKA_CONTROLLER_PORT}],
        }
        return k8s.core.v1.Service(
            f"{self._name}-kafka-headless", metadata=self._meta("kafka-headless", "kafka"), spec=spec, opts=self._child
        )

    def _broker_services(self, brokers: k8s.apps.v1.StatefulSet) -> list[k8s.core.v1.Service]:
        """A service for each broker: a client is sent to the broker that leads a partition, so every one must be reachable by itself."""
        return [
            self._published(
                f"kafka-{ordinal}",
                "kafka",
                KAFKA_EXTERNAL_PORT,
                port.node,
                brokers,
                **{"statefulset.kubernetes.io/pod-name": f"kafka-{ordinal}"},
            )
            for ordinal, port in enumerate(self._args.kafka_ports)
        ]

    def _gate(self, services: list[k8s.core.v1.Service], worker: Provider) -> ClusterReady:
        """Holds topics back until every broker answers from here; checked again after each rollout."""
        args = self._args
        rollout = manifest.checksum(self._broker_files(), pods.broker_pod(args.kafka, args.kafka_image))
        return ClusterReady(
            f"{self._name}-kafka-ready",
            bootstrap_servers=args.bootstrap,
            brokers=BROKERS,
            rollout=rollout,
            opts=pulumi.ResourceOptions(parent=self, provider=worker, depends_on=list(services)),
        )

    def _topics(self, gate: ClusterReady) -> list[kafka_sdk.Topic]:
        args = self._args
        # the provider keeps its first connection error for good, so it must not exist before the brokers answer
        provider = kafka_sdk.Provider(
            f"{self._name}-kafka-provider",
            bootstrap_servers=args.bootstrap,
            tls_enabled=False,
            kafka_version="3.9.0",
            opts=self._after(gate),
        )
        options = pulumi.ResourceOptions(parent=self, provider=provider)
        declared = [
            *change_topics(args.names, args.tables, args.topics),
            *support_topics(args.names),
            *registry.topics(args.registry.kind),
            *args.sink_topics,
        ]
        return [
            kafka_sdk.Topic(
                f"{self._name}-topic-{topic.name}",
                name=topic.name,
                partitions=topic.partitions,
                replication_factor=topic.replication_factor,
                config=topic.config,
                opts=options,
            )
            for topic in declared
        ]

    def _deployment(
        self, name: str, pod: manifest.Manifest, config_checksum: str, after: Sequence[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        """A single pod that is stopped before its successor starts: the budget has no room for two."""
        spec: manifest.Manifest = {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": manifest.labels(name)},
            "template": manifest.template(name, pod, config_checksum),
        }
        return k8s.apps.v1.Deployment(f"{self._name}-{name}", metadata=self._meta(name, name), spec=spec, opts=self._after(*after))

    def _registry(self, topics: Sequence[pulumi.Resource]) -> k8s.core.v1.Service:
        args = self._args
        name = registry.NAME
        files = registry.config_files(args.names, args.registry)
        worker_password = self._password("registry-worker")
        passwords = pulumi.Output.all(**{registry.WORKER_USER: worker_password, registry.OPERATOR_USER: self.registry_password})
        made: list[pulumi.Resource] = [
            self._account(name),
            k8s.core.v1.ConfigMap(f"{self._name}-{name}-config", metadata=self._meta(f"{name}-config", name), data=files, opts=self._child),
            k8s.core.v1.Secret(
                f"{self._name}-{name}-login",
                metadata=self._meta(f"{name}-login", name),
                string_data=passwords.apply(lambda known: registry.login_files(args.registry.kind, known)),
                opts=self._child,
            ),
            k8s.core.v1.Secret(
                f"{self._name}-{name}-client",
                metadata=self._meta(f"{name}-client", name),
                string_data={"username": registry.WORKER_USER, "password": worker_password},
                opts=self._child,
            ),
        ]
        pod = registry.registry_pod(args.registry, args.registry_image)
        deployment = self._deployment(name, pod, manifest.checksum(files), [*made, *topics])
        return self._published(name, name, REGISTRY_PORT, args.registry_port.node, deployment)

    def _connect(self, after: Sequence[pulumi.Resource]) -> k8s.core.v1.Service:
        args = self._args
        files = {
            "worker.properties": properties_text(connect.worker_properties(args.names)),
            "log4j2.properties": kafka.LOGGING,
        }
        made: list[pulumi.Resource] = [
            self._account("connect"),
            k8s.core.v1.ConfigMap(
                f"{self._name}-connect-config", metadata=self._meta("connect-config", "connect"), data=files, opts=self._child
            ),
            k8s.core.v1.Secret(
                f"{self._name}-connect-rest",
                metadata=self._meta("connect-rest", "connect"),
                string_data=self.connect_password.apply(lambda password: connect.login_files(CONNECT_USER, password)),
                opts=self._child,
            ),
        ]
        pod = pods.connect_pod(args.connect, args.connect_image, catalog=args.source.catalog_secret is not None)
        deployment = self._deployment("connect", pod, manifest.checksum(files), [*made, *after, *args.source.ready])
        return self._published("connect", "connect", CONNECT_PORT, args.connect_port.node, deployment)

    def _worker_provider(self) -> Provider:
        """Static but for the password; it speaks to nobody until a connector is made, and those wait for the worker."""
        return Provider(
            f"{self._name}-connect-provider",
            url=f"http://{self._args.host_address}:{self._args.connect_port.host}",
            username=CONNECT_USER,
            password=self.connect_password,
            opts=self._child,
        )

    def _source_connector(self, registry_url: str) -> Connector:
        args = self._args
        return Connector(
            f"{self._name}-source-connector",
            name=args.names.source_connector,
            config=source_config(args.names, args.tables, args.source.host, registry_url),
            opts=pulumi.ResourceOptions(parent=self, provider=self.endpoint.worker, depends_on=[*self.endpoint.ready, *args.source.ready]),
        )
