"""Stack as its dashboards need it: which parts it has, their names and limits, and the commands that come next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.status.words import command
from stack.capacity.pods import containers, limit
from stack.capacity.quantity import MIB
from stack.specification.lateness import Lateness

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.stack import Specification


@dataclass(frozen=True, slots=True)
class Container:
    """A container that keeps running.

    Attributes:
        workload: Workload of its pods.
        name: Name of the container.
        replicas: Number of pods.
        limit: Memory limit in bytes.
    """

    workload: str
    name: str
    replicas: int
    limit: int


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack with dashboards.

    Attributes:
        name: Name of the stack.
        specification: Its specification.
    """

    name: str
    specification: Specification

    @property
    def settings(self) -> Settings:
        """Settings of the stack."""
        return self.specification.settings

    @property
    def namespace(self) -> str:
        """Namespace of the pipeline."""
        return self.settings.names.namespace

    @property
    def has_database(self) -> bool:
        """True if the program creates the database, so that its exporter and its volume can be asked."""
        return self.settings.source.is_managed

    @property
    def has_brokers(self) -> bool:
        """True if the program creates the brokers, so that they run the agent."""
        return self.settings.streaming.kafka.is_managed

    @property
    def registry(self) -> str | None:
        """Kind of the registry that the program creates, or None for an existing one."""
        registry = self.settings.streaming.registry
        return registry.kind if registry.is_managed else None

    @property
    def has_catalog(self) -> bool:
        """True if a catalog knows the archived tables, so that rows, files and commits can be counted."""
        return self.settings.archive.format == "iceberg"

    @property
    def late_s(self) -> float:
        """Seconds after which a change that is not archived is late, as the command status judges it."""
        return Lateness.of_settings(self.settings).late_s

    @property
    def very_late_s(self) -> float:
        """Seconds after which a late change is critical, as the alerts judge it."""
        return Lateness.of_settings(self.settings).very_late_s

    @property
    def silent_s(self) -> float:
        """Seconds after which a source without an event is silent."""
        return Lateness.of_settings(self.settings).silent_s

    @property
    def target(self) -> int:
        """Changes per second that the pipeline should archive."""
        return self.settings.monitoring.target_changes_per_second

    @property
    def slot_bytes(self) -> int:
        """Log that the database keeps for a slot before it gives the slot up, in bytes."""
        return self.settings.source.slot_wal_keep_mib * MIB

    @property
    def change_topics(self) -> str:
        """Matcher of the change topics, for a label."""
        return quoted(f"{re.escape(self.settings.names.topic_prefix)}[.].+")

    @property
    def containers(self) -> tuple[Container, ...]:
        """Containers of the pipeline that keep running; init containers have ended when a figure is read."""
        return tuple(
            Container(workload.component, container["name"], int(workload.spec["replicas"]), limit(container))
            for workload in self.specification.workloads
            for role, container in containers(workload.pod)
            if role != "init"
        )

    def command(self, words: str) -> str:
        """Return a command of this project for the stack."""
        return command(words, self.name)

    def logs(self, workload: str) -> str:
        """Return the command that prints a workload's log."""
        kind = next(one.kind for one in self.specification.workloads if one.component == workload).lower()
        kubectl = ".venv/bin/python -m pipeline sandbox kubectl --" if self.name == "sandbox" else "kubectl"
        return f"{kubectl} --namespace {self.namespace} logs {kind}/{workload} --tail 100"


def quoted(text: str) -> str:
    """Return a value of a label for PromQL, with its quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
