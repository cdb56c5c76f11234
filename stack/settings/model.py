"""Settings of a stack as one frozen model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from stack.settings.archive import ArchiveSettings
from stack.settings.audit import AuditSettings
from stack.settings.budget import BudgetSettings
from stack.settings.cluster import ClusterSettings, HostSettings
from stack.settings.images import ImageSettings
from stack.settings.logs import LogSettings
from stack.settings.monitoring import MonitoringSettings
from stack.settings.names import Names
from stack.settings.policy import PolicySettings
from stack.settings.quality import QualitySettings
from stack.settings.rotation import Rotation
from stack.settings.section import Section
from stack.settings.sinks import Sink, sinks
from stack.settings.source import SourceSettings
from stack.settings.streaming import StreamingSettings
from stack.settings.types import Switch


class Settings(Section):
    """Settings of a stack."""

    environment: Literal["dev", "sandbox", "prod"] = "dev"
    """Kind of the stack; tags its AWS resources."""
    cluster: ClusterSettings = ClusterSettings()
    """The Kubernetes cluster."""
    host: HostSettings = HostSettings()
    """Access to the services from the machine that runs the program."""
    images: ImageSettings = ImageSettings()
    """Container images."""
    names: Names = Names()
    """Names that two systems must agree on."""
    budget: BudgetSettings = BudgetSettings()
    """Memory and disk of the whole pipeline."""
    policy: PolicySettings = PolicySettings()
    """Exceptions from the rules of the policy pack."""
    rotation: Rotation = Rotation()
    """Credential rotation: a changed word generates a new credential and revokes the old one."""
    protect: Switch = False
    """If true, updates may neither delete nor replace resources with data (database, brokers, topics, bucket, tables); topics and bucket
    also survive a ``pulumi destroy`` that ignores the protection."""
    source: SourceSettings = SourceSettings()
    """The captured database."""
    streaming: StreamingSettings = StreamingSettings()
    """Kafka, the schema registry, Connect and the topics."""
    archive: ArchiveSettings = Field(default=...)
    """The archive: bucket, format, sink."""
    audit: AuditSettings = AuditSettings()
    """The scheduled audit: a job in a namespace of its own."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """Prometheus, Alertmanager and the exporters, in a namespace of their own."""
    quality: QualitySettings = QualitySettings()
    """Data quality: rules for rows, and scores of tables."""
    logs: LogSettings = LogSettings()
    """Log of every process."""

    @model_validator(mode="after")
    def _in_epoch(self) -> Settings:
        object.__setattr__(self, "names", self.names.of_epoch(self.streaming.epoch))
        return self

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Sinks of the archive: first the one that has every table without a sink of its own."""
        return sinks(self.names, self.source.tables, self.archive.sinks)

    @property
    def audit_namespace(self) -> str | None:
        """Namespace of the scheduled audit, or None without one."""
        return (self.audit.namespace or f"{self.names.namespace}-audit") if self.audit.is_on else None

    @property
    def monitoring_namespace(self) -> str | None:
        """Namespace of the monitoring, or None without it."""
        return (self.monitoring.namespace or f"{self.names.namespace}-monitoring") if self.monitoring.enabled else None

    @property
    def is_read(self) -> bool:
        """True if pods in further namespaces read the stack, which then has logins that may only read: the scheduled audit, monitoring."""
        return self.audit.is_on or self.monitoring.enabled

    @property
    def watches_database(self) -> bool:
        """True if the monitoring asks the database for its own figures, which needs a login."""
        return self.monitoring.enabled and (self.source.is_managed or self.monitoring.secrets.database is not None)

    @property
    def scores_archive(self) -> bool:
        """True if the monitoring checks the archive: rows are judged, and alerts tell of low scores."""
        return self.monitoring.enabled and self.quality.enabled

    @property
    def exporter_mib(self) -> int:
        """Memory limit of the exporter for the pipeline, in MiB."""
        return self.monitoring.exporter_mib + (self.monitoring.scores_mib if self.scores_archive else 0)

    @property
    def monitoring_mib(self) -> int:
        """Memory limits of all pods of the monitoring, in MiB; also the quota of its namespace."""
        section = self.monitoring
        exporters = section.postgres_exporter_mib + self.exporter_mib
        return exporters + (section.prometheus_mib + section.alertmanager_mib + section.grafana_mib if section.is_managed else 0)

    @property
    def further_mib(self) -> dict[str, int]:
        """Memory of the stack's namespaces beside the pipeline's, in MiB by namespace."""
        budgets = {self.audit_namespace: self.audit.memory_mib, self.monitoring_namespace: self.monitoring_mib}
        return {namespace: budget for namespace, budget in budgets.items() if namespace is not None}

    @property
    def pods_mib(self) -> int:
        """Memory of all pods in all namespaces of the stack at the worst moment, in MiB."""
        return self.budget.memory_mib + sum(self.further_mib.values())

    @property
    def is_whole(self) -> bool:
        """True if each kind has the description that it needs, so that a specification can be rendered."""
        source, kafka, registry = self.source, self.streaming.kafka, self.streaming.registry
        logs_in = kafka.external is not None and kafka.external.logs_in and kafka.external.secret is None
        return not logs_in and all(part.is_managed == (part.external is None) for part in (source, kafka, registry, self.monitoring))
