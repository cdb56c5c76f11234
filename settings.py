"""A stack's configuration as one frozen model, or an error that lists everything wrong with it. The only reader of ``pulumi.Config``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from pulumi.runtime import config as runtime_config
from pydantic import Field, ValidationError, field_validator, model_validator

from components.archive.settings import ArchiveSettings
from components.names import BROKERS, Names, PublishedPort
from components.quantity import MIB
from components.section import Cidr, Mebibytes, Section
from components.source.postgres import SourceSettings
from components.streaming.connect import ConnectSettings
from components.streaming.kafka import KafkaSettings
from components.streaming.registry import RegistrySettings
from components.streaming.topics import TopicSettings, change_topics, disk_mib, iceberg_topics, support_topics

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT = "data-ingestion"


class SettingsError(Exception):
    """The configuration cannot work; the message lists every problem with its key, value, rule and cure."""


class ClusterSettings(Section):
    """Which cluster, and what it offers.

    Attributes:
        context: Context of the kubeconfig; pinned, so that no ambient choice decides where a stack goes.
        kubeconfig: Path of the kubeconfig file; the usual one when absent.
        identifier: Fixed identity of the cluster for Pulumi; with it a changed address is an update and not a replacement.
        provisioner: What makes volumes there.
    """

    context: str = "kind-data-ingestion"
    kubeconfig: str | None = None
    identifier: str = "data-ingestion"
    provisioner: str = "rancher.io/local-path"


class HostSettings(Section):
    """How services are reached from the machine where the program runs.

    Attributes:
        address: Address of the published ports there; what brokers advertise.
        sources: Address ranges NodePort traffic comes from: the nodes, and their side of the pod network.
        postgres: Ports of PostgreSQL.
        kafka: Ports of the brokers, one pair each.
        registry: Ports of the schema registry.
        connect: Ports of Connect's REST interface.
    """

    address: str = "127.0.0.1"
    sources: tuple[Cidr, ...] = ("172.16.0.0/12", "10.244.0.1/32", "10.244.1.1/32", "10.244.2.1/32")
    postgres: PublishedPort = PublishedPort(node=30432, host=5432)
    kafka: tuple[PublishedPort, ...] = (
        PublishedPort(node=30092, host=9092),
        PublishedPort(node=30093, host=9093),
        PublishedPort(node=30094, host=9094),
    )
    registry: PublishedPort = PublishedPort(node=30081, host=8081)
    connect: PublishedPort = PublishedPort(node=30083, host=8083)

    @field_validator("kafka")
    @classmethod
    def _one_each(cls, ports: tuple[PublishedPort, ...]) -> tuple[PublishedPort, ...]:
        if len(ports) != BROKERS:
            message = f"{len(ports)} broker ports for {BROKERS} brokers: a client must reach each broker by itself; give {BROKERS} pairs"
            raise ValueError(message)
        return ports

    @model_validator(mode="after")
    def _distinct(self) -> HostSettings:
        pairs = (self.postgres, *self.kafka, self.registry, self.connect)
        for side in ("node", "host"):
            numbers = [getattr(pair, side) for pair in pairs]
            twice = sorted({number for number in numbers if numbers.count(number) > 1})
            if twice:
                message = f"{side} port {', '.join(map(str, twice))} is used twice; give each service its own"
                raise ValueError(message)
        return self


class ImageSettings(Section):
    """Container images; a tag is never moved, a digest may be added.

    Attributes:
        postgres: PostgreSQL 17.
        kafka: Apache Kafka's libraries on Java.
        connect: Kafka Connect with the plugins in it.
        registry: The schema registry; by default the one for the chosen kind.
    """

    postgres: str = "localhost/data-ingestion/postgres:17-1"
    kafka: str = "localhost/data-ingestion/kafka:4.3.1-1"
    connect: str = "localhost/data-ingestion/connect:4.3.1-1"
    registry: str | None = None

    @field_validator("postgres", "kafka", "connect", "registry")
    @classmethod
    def _pinned(cls, image: str | None) -> str | None:
        if image is not None and "@sha256:" not in image and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")):
            message = f"image {image!r} is not pinned; name a fixed tag, or better a digest: name:tag@sha256:…"
            raise ValueError(message)
        return image


class BudgetSettings(Section):
    """What the whole pipeline may use.

    Attributes:
        memory_mib: Memory of all pods of the namespace together, at their worst moment; also the namespace's quota.
    """

    memory_mib: Mebibytes = 4096


class StreamingSettings(Section):
    """Kafka, the registry and Connect.

    Attributes:
        kafka: The brokers.
        registry: The schema registry.
        connect: The Connect worker.
        topics: The change topics.
    """

    kafka: KafkaSettings = KafkaSettings()
    registry: RegistrySettings = RegistrySettings()
    connect: ConnectSettings = ConnectSettings()
    topics: TopicSettings = TopicSettings()


class Settings(Section):
    """Everything a stack can say.

    Attributes:
        environment: What kind of stack this is; tags its AWS resources.
        cluster: The Kubernetes cluster.
        host: Published ports.
        images: Container images.
        names: Names that two systems share.
        budget: The memory budget.
        source: PostgreSQL.
        streaming: Kafka, registry, Connect.
        archive: S3 and the sink.
    """

    environment: Literal["dev", "sandbox", "prod"] = "dev"
    cluster: ClusterSettings = ClusterSettings()
    host: HostSettings = HostSettings()
    images: ImageSettings = ImageSettings()
    names: Names = Names()
    budget: BudgetSettings = BudgetSettings()
    source: SourceSettings = SourceSettings()
    streaming: StreamingSettings = StreamingSettings()
    archive: ArchiveSettings = Field(default=...)

    @model_validator(mode="after")
    def _disk_fits(self) -> Settings:
        from components.ecommerce import TABLES  # noqa: PLC0415 - only this rule needs the tables

        topics = [*change_topics(self.names, TABLES, self.streaming.topics), *support_topics(self.names), *iceberg_topics(self.names)]
        needed = disk_mib(topics)
        volume = self.streaming.kafka.storage_mib
        if needed > volume:
            message = (
                f"the topics may hold {needed} MiB on each broker and its volume has {volume} MiB (streaming.kafka.storageMib): "
                f"lower streaming.topics.retentionMib ({self.streaming.topics.retention_mib}) or give the brokers larger volumes"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _wal_fits(self) -> Settings:
        kept = self.source.slot_wal_keep_mib + 1024
        if kept > self.source.storage_mib * 3 // 4:
            message = (
                f"a stopped connector may hold back {self.source.slot_wal_keep_mib} MiB of WAL (source.slotWalKeepMib) beside 1024 MiB of "
                f"max_wal_size, over three quarters of the {self.source.storage_mib} MiB volume: lower the first or raise source.storageMib"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _plugins_are_found(self) -> Settings:
        if self.archive.format == "parquet" and self.streaming.connect.plugin_discovery == "service_load":
            message = (
                "streaming.connect.pluginDiscovery is service_load and the Confluent S3 sink ships no manifest, "
                "so the worker would not find it: set hybrid_warn, or archive.format iceberg"
            )
            raise ValueError(message)
        return self

    @property
    def budget_bytes(self) -> int:
        """The memory budget in bytes."""
        return self.budget.memory_mib * MIB

    @property
    def largest_container_mib(self) -> int:
        """Memory of the largest container."""
        streaming = self.streaming
        return max(self.source.memory_mib, streaming.kafka.memory_mib, streaming.registry.memory_mib, streaming.connect.memory_mib)

    @property
    def memory_used_mib(self) -> int:
        """Memory of all pods when nothing rolls out; none of the workloads starts a second pod before it has stopped the first."""
        streaming = self.streaming
        return self.source.memory_mib + BROKERS * streaming.kafka.memory_mib + streaming.registry.memory_mib + streaming.connect.memory_mib


def _problems(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors():
        path = ".".join(str(part) for part in problem["loc"])
        rule = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            rule = "is not a setting; check the spelling, or see the table of settings in README.md"
        elif problem["type"] == "missing":
            rule = "is missing and has no default"
        elif problem["loc"] and not isinstance(problem["input"], dict):
            rule = f"{rule} (got {problem['input']!r})"
        lines.append(f"{PROJECT}:{path}: {rule}" if path else rule)
    return lines


def parse(values: dict[str, Any]) -> Settings:
    """Settings from plain values, one for each section.

    Raises:
        SettingsError: Listing every problem.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = _problems(error)
        message = f"{len(problems)} problem(s) in the configuration of this stack:\n" + "\n".join(f"  - {line}" for line in problems)
        raise SettingsError(message) from None


def parse_text(given: Mapping[str, str]) -> Settings:
    """Settings from configuration as Pulumi holds it: ``data-ingestion:key`` to text, objects as JSON.

    Raises:
        SettingsError: Listing every problem.
    """
    values: dict[str, Any] = {}
    for key, text in sorted(given.items()):
        project, _, name = key.partition(":")
        if project != PROJECT:
            continue
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return parse(values)


def load() -> Settings:
    """The settings of the stack that is running.

    Raises:
        SettingsError: Listing every problem.
    """
    return parse_text({**runtime_config.get_config_env(), **runtime_config.CONFIG.get()})
