"""Settings of a stack as one frozen model."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from settings.archive import ArchiveSettings
from settings.budget import BudgetSettings
from settings.cluster import ClusterSettings, HostSettings
from settings.images import ImageSettings
from settings.names import Names
from settings.policy import PolicySettings
from settings.rotation import Rotation
from settings.section import Section
from settings.source import SourceSettings
from settings.streaming import StreamingSettings
from settings.types import Switch


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

    @model_validator(mode="after")
    def _in_epoch(self) -> Settings:
        object.__setattr__(self, "names", self.names.of_epoch(self.streaming.epoch))
        return self

    @property
    def is_whole(self) -> bool:
        """True if each kind has the description that it needs, so that a specification can be rendered."""
        source, kafka, registry = self.source, self.streaming.kafka, self.streaming.registry
        logs_in = kafka.external is not None and kafka.external.logs_in and kafka.external.secret is None
        return not logs_in and all(part.is_managed == (part.external is None) for part in (source, kafka, registry))
