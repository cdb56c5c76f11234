"""A stack's configuration as one frozen model, or an error that lists everything wrong with it. The only reader of ``pulumi.Config``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pulumi
import yaml
from pulumi.runtime import config as runtime_config
from pydantic import Field, ValidationError, model_validator

from components.archive.settings import ArchiveSettings
from components.connectors.message import HIDDEN, shown
from components.names import BROKERS, Names
from components.quantity import MIB
from components.rotation import Rotation
from components.section import Section
from components.source.postgres import SourceSettings
from components.streaming.connect import ConnectSettings
from components.streaming.kafka import KafkaSettings
from components.streaming.registry import RegistrySettings
from components.streaming.topics import TopicSettings
from components.surroundings import BudgetSettings, ClusterSettings, HostSettings, ImageSettings, PolicySettings
from settings_connectors import PROJECT, connector_problems
from settings_rules import SEPARATOR, choice_problems, disk_problems, memory_problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails


_ROOT = Path(__file__).resolve().parent


class SettingsError(pulumi.RunError):
    """The configuration cannot work; the message lists every problem with its key, value, rule and cure."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What one workload takes.

    Attributes:
        pods: Number of its pods.
        pod_mib: Memory of one pod in MiB.
        memory_mib: Memory of its largest container in MiB.
        storage_mib: Volume of one pod in MiB.
    """

    pods: int
    pod_mib: int
    memory_mib: int
    storage_mib: int


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
        budget: The memory and disk budget.
        policy: Exceptions from the policy pack's rules.
        rotation: Credentials made anew, each by a word that differs from the one before.
        protect: Whether what holds data (database, brokers, topics, bucket, tables) may be neither deleted nor replaced by an update;
            topics and bucket also outlive a ``destroy`` that is told to ignore it.
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
    policy: PolicySettings = PolicySettings()
    rotation: Rotation = Rotation()
    protect: bool = False
    source: SourceSettings = SourceSettings()
    streaming: StreamingSettings = StreamingSettings()
    archive: ArchiveSettings = Field(default=...)

    @model_validator(mode="after")
    def _fits_together(self) -> Settings:
        unreadable = connector_problems(self)
        try:
            problems = [*choice_problems(self), *memory_problems(self), *disk_problems(self), *unreadable]
        except ValueError as error:  # a size among the further keys that cannot be counted; most often it is told already
            problems = unreadable or [str(error)]
        if problems:
            raise ValueError(SEPARATOR.join(problems))
        return self

    @property
    def budget_bytes(self) -> int:
        """The memory budget in bytes."""
        return self.budget.memory_mib * MIB

    @property
    def largest_container_mib(self) -> int:
        """Memory of the largest container."""
        return max(container.memory_mib for container in self.workloads)

    @property
    def memory_used_mib(self) -> int:
        """Memory of all pods when nothing rolls out; none of the workloads starts a second pod before it has stopped the first."""
        return sum(workload.pods * workload.pod_mib for workload in self.workloads)

    @property
    def workloads(self) -> tuple[Workload, ...]:
        """What runs in the namespace; what was there before takes none of its memory."""
        source, streaming = self.source, self.streaming
        kafka, schemas, connect = streaming.kafka, streaming.registry, streaming.connect
        return (
            *([Workload(1, source.memory_mib, source.memory_mib, source.storage_mib)] if source.is_managed else []),
            *([Workload(BROKERS, kafka.memory_mib, kafka.memory_mib, kafka.storage_mib)] if kafka.is_managed else []),
            *([Workload(1, schemas.memory_mib, schemas.memory_mib, 0)] if schemas.is_managed else []),
            Workload(connect.workers, connect.memory_mib, connect.worker_mib, 0),
        )


def _only_its_items(problem: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether a list is called too short only because its items, each told by itself, are wrong: Pydantic counts those that are right."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in others
    )


def _problems(error: ValidationError) -> list[str]:
    lines, errors = [], error.errors()
    for problem in errors:
        if _only_its_items(problem, errors):
            continue
        path = ".".join(str(part) for part in problem["loc"])
        rule = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden":
            rule = "is not a setting; check the spelling, or see docs/settings.md"
        elif problem["type"] == "missing":
            rule = "is missing and has no default"
        elif problem["loc"] and not isinstance(problem["input"], dict) and shown(path, str(problem["input"])) != HIDDEN:
            rule = f"{rule} (got {problem['input']!r})"
        lines += [f"{PROJECT}:{path}: {rule}"] if path else rule.split(SEPARATOR)
    return lines


def _with_tables(values: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values, with the tables themselves where the path of their file is given.

    Returns:
        The values, and why the file cannot be read; the rest can then be judged with the default tables.
    """
    source = values.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("tables"), str):
        return values, []
    path, others = source["tables"], {key: value for key, value in source.items() if key != "tables"}
    try:
        return {**values, "source": {**others, "tables": yaml.safe_load((_ROOT / path).read_text(encoding="utf-8"))}}, []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
    problem = f"{path!r} cannot be read ({why}); give the path of a file below the project's root, as 'make tables' writes it"
    return {**values, "source": others}, [f"{PROJECT}:source.tables: {problem}"]


def parse(values: dict[str, Any]) -> Settings:
    """Settings from plain values, one for each section.

    Raises:
        SettingsError: Listing every problem.
    """
    given, problems = _with_tables(values)
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += _problems(error)
    if problems:
        message = f"{len(problems)} problem(s) in the configuration of this stack:\n" + "\n".join(f"  - {line}" for line in problems)
        raise SettingsError(message)
    return settings


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
