"""Settings of Kafka, the schema registry, Connect and the topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from stack.problem import Problem
from stack.settings.addresses import HostPort, HttpUrl, ServerRange, port_of
from stack.settings.jvm import ConnectJvm, KafkaJvm, RegistryJvm
from stack.settings.seams import LAST_EPOCH, Seam
from stack.settings.section import Section
from stack.settings.types import DnsLabel, Keys, Mebibytes, Millicores, PropertyKeys

if TYPE_CHECKING:
    from collections.abc import Iterator


def _mixed(kind: str, existing: Section | None, needs: str) -> Iterator[Problem]:
    if (kind == "external") != (existing is not None):
        yield Problem(rule=f"kind is {kind} and external is {'missing' if existing is None else 'set'}", cure=needs)


class ExistingKafka(Section):
    """Existing Kafka cluster, for example Amazon MSK or Confluent Cloud.

    Its topics set cleanup, retention, record size and `min.insync.replicas` only: managed services refuse or bound other keys.
    """

    bootstrap_servers: tuple[HostPort, ...] = Field(min_length=1)
    """Servers, ``host:port`` each; pods and the program connect to the same names."""
    addresses: tuple[ServerRange, ...] = Field(min_length=1)
    """Address ranges of the brokers; worker and registry may connect to these and to no others."""
    brokers: int = Field(default=3, ge=3, le=1000, strict=True)
    """Number of brokers; three copies of each partition need three."""
    protocol: Literal["SASL_SSL", "SSL", "PLAINTEXT"] = "SASL_SSL"
    """Protocol of the clients; certificates need an authority that Java trusts by default, as those of MSK have."""
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    """Login mechanism, with ``SASL_SSL``."""
    secret: DnsLabel | None = None
    """Existing Secret in the pipeline's namespace with ``username`` and ``password``, with ``SASL_SSL``. The program itself reads them from
    the environment variables ``KAFKA_SASL_USERNAME`` and ``KAFKA_SASL_PASSWORD``."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield a login without its Secret, and a Secret that nothing uses."""
        if self.logs_in and self.secret is None:
            rule = "secret is missing: SASL_SSL needs a login"
            yield Problem(rule=rule, cure="name the Secret with username and password, or set protocol to SSL")
        if not self.logs_in and self.secret is not None:
            yield Problem(rule=f"secret {self.secret!r} is not used with {self.protocol}", cure="remove it, or set protocol to SASL_SSL")

    @property
    def logs_in(self) -> bool:
        """True if clients need a user name and a password."""
        return self.protocol == "SASL_SSL"

    @property
    def ports(self) -> tuple[int, ...]:
        """TCP ports of the servers, each once."""
        return tuple(sorted({int(server.rpartition(":")[2]) for server in self.bootstrap_servers}))


class ExistingRegistry(Section):
    """Existing schema registry with Confluent's API."""

    url: HttpUrl
    """URL of the API as pods reach it."""
    addresses: tuple[ServerRange, ...] = Field(min_length=1)
    """Address ranges of the registry; the worker may connect to these and to no others."""
    secret: DnsLabel
    """Existing Secret in the pipeline's namespace with ``username`` and ``password``."""

    @property
    def port(self) -> int:
        """TCP port in the URL, or the default port of its scheme."""
        return port_of(self.url)


class KafkaSettings(Section):
    """The Kafka brokers; sizes are per broker."""

    kind: Literal["managed", "external"] = "managed"
    """``managed``: the program creates three brokers, sized as below. ``external``: use an existing cluster."""
    external: ExistingKafka | None = None
    """Address and Secret of the existing cluster."""
    memory_mib: Mebibytes = 682
    """Memory limit of one broker; memory beyond the JVM's is page cache."""
    cpu_millicores: Millicores = 100
    """Processor request of one broker."""
    storage_mib: Mebibytes = 3413
    """Volume of one broker; with replication factor 3 each broker holds every partition."""
    storage_class: DnsLabel | None = None
    """Existing storage class; by default the program creates one that keeps the volumes of deleted claims."""
    jvm: KafkaJvm = KafkaJvm()
    """Memory of the JVM."""
    extra: PropertyKeys = Field(default={})
    """Further properties of the brokers, in their own spelling; checked like all others."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield a kind that contradicts the description of an existing cluster."""
        yield from _mixed(self.kind, self.external, "kind external needs bootstrapServers and addresses, kind managed neither")

    @property
    def is_managed(self) -> bool:
        """True if the program creates the brokers."""
        return self.kind == "managed"


class RegistrySettings(Section):
    """The schema registry."""

    kind: Literal["confluent", "apicurio", "external"] = "confluent"
    """``confluent`` (Confluent Community License), ``apicurio`` (Apache 2.0, same API), or ``external``: use an existing registry."""
    external: ExistingRegistry | None = None
    """Address and Secret of the existing registry."""
    memory_mib: Mebibytes = 512
    """Memory limit of the pod."""
    cpu_millicores: Millicores = 100
    """Processor request of the pod."""
    jvm: RegistryJvm = RegistryJvm()
    """Memory of the JVM."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield a kind that contradicts the description of an existing registry."""
        yield from _mixed(self.kind, self.external, "kind external needs url, addresses and secret, the other kinds none of them")

    @property
    def is_managed(self) -> bool:
        """True if the program creates the registry."""
        return self.kind != "external"


# Memory of a worker's pod, of which its second container takes a part.
WorkerMebibytes = Annotated[int, Field(ge=32, le=1024 * 1024, strict=True)]


class ConnectSettings(Section):
    """The Kafka Connect workers; sizes are per worker."""

    workers: int = Field(default=1, ge=1, le=32, strict=True)
    """Number of pods, which share connectors and tasks; each must be able to run all of them while the others are down."""
    memory_mib: WorkerMebibytes = 1024
    """Memory limit of one pod; its container ``restarter`` takes 16 MiB of it."""
    cpu_millicores: Millicores = 200
    """Processor request of one pod."""
    jvm: ConnectJvm = ConnectJvm()
    """Memory of the JVM."""
    extra: PropertyKeys = Field(default={})
    """Further properties of the worker, in its own spelling; checked like all others."""


class TopicSettings(Section):
    """The change topics."""

    partitions: int = Field(default=6, ge=1, le=100, strict=True)
    """Partitions of each change topic; a later increase moves keys to other partitions."""
    retention_days: int = Field(default=7, ge=1, le=365, strict=True)
    """Retention time of changes, in days."""
    retention_mib: Mebibytes = 48
    """Retention size of each partition; the limit reached first deletes a segment."""
    max_record_mib: int | None = Field(default=None, ge=1, le=16, strict=True)
    """Largest change, in MiB: a row in Avro, uncompressed; a larger one stops the source. By default 8, 4, 2 or 1, whatever fits
    Connect's buffers outside the heap (`streaming.connect.jvm.directMib`) and a tenth of its heap; `make plan` prints it."""
    extra: Keys = Field(default={})
    """Further configuration of each change topic, in the broker's own spelling; checked like all others."""


class StreamingSettings(Section):
    """Kafka, the schema registry, Connect and the topics."""

    epoch: int = Field(default=1, ge=1, le=LAST_EPOCH, strict=True)
    """Number of the pipeline's present history. The command ``epoch begin`` raises it when the replication slot was lost, brokers were
    built anew, the control topic was deleted, or the database was restored to an earlier time: capture then begins anew, with a snapshot of
    every table. It is never lowered."""
    seams: tuple[Seam, ...] = ()
    """Breaks between the epochs, as ``epoch begin`` has found them; each archived Iceberg table repeats them in its properties."""
    kafka: KafkaSettings = KafkaSettings()
    """The Kafka brokers."""
    registry: RegistrySettings = RegistrySettings()
    """The schema registry."""
    connect: ConnectSettings = ConnectSettings()
    """The Kafka Connect workers."""
    topics: TopicSettings = TopicSettings()
    """The change topics."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield seams of an epoch that has not begun, or that has two of them."""
        epochs = [seam.epoch for seam in self.seams]
        for epoch in sorted({epoch for epoch in epochs if epoch > self.epoch}):
            yield Problem(rule=f"seams has a break before epoch {epoch}, and epoch is {self.epoch}", cure=f"set epoch to {epoch}")
        for epoch in sorted({epoch for epoch in epochs if epochs.count(epoch) > 1}):
            yield Problem(rule=f"seams has {epochs.count(epoch)} breaks before epoch {epoch}", cure="leave one of them")
