"""Which alerts one fault explains, so that it is told once. An alert about a loss is explained by nothing but a worse one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.specification.monitoring.jobs import CONNECT, KAFKA, PIPELINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stack.settings.model import Settings

# Alerts that follow from whatever stops the source, the worker or the sink
SOURCE_STOPS: Final = (
    "SourceSilent",
    "SourceDisconnected",
    "SourceLag",
    "SourceLagHigh",
    "SourceQueueFull",
    "SnapshotStuck",
    "SlotInactive",
    "SlotNotMoving",
)
WORKER_STOPS: Final = ("TaskFailed", "TasksMissing", "ConnectorNotRunning", "TaskFlapping", "RebalancesOften")
SINK_STOPS: Final = (
    "ArchiveLag",
    "ArchiveLagHigh",
    "LagKeepsGrowing",
    "TableStale",
    "ArchiveStalled",
    "ThroughputBelowTarget",
    "CommitsFail",
)
_ALL_STOPS: Final = (*SOURCE_STOPS, *WORKER_STOPS, *SINK_STOPS)
# Alerts after which rows may be missing for good
LOSSES: Final = (
    "SlotLost",
    "HistoryBroken",
    "EventsErroneous",
    "RecordsSkipped",
    "DeadLetterWriteFailed",
    "DeadLettersExpired",
    "UnreadDeleted",
    "UncleanElection",
    "SnapshotAborted",
    "RowsMissing",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """One fault and what it explains.

    Attributes:
        fault: Names of the alerts of the fault.
        explains: Names of the alerts that are not sent beside one of these.
        equal: Labels that both must have with the same value.
        of: Label and value that the fault must have, or None.
        about: Label and value that the explained alert must have, or None.
    """

    fault: tuple[str, ...]
    explains: tuple[str, ...]
    equal: tuple[str, ...] = ()
    of: tuple[str, str] | None = None
    about: tuple[str, str] | None = None

    def rendered(self, own: Sequence[str] = ()) -> dict[str, Any]:
        """Return the rule as Alertmanager reads it.

        Args:
            own: Further matchers of both alerts, which tell the stack's alerts from those of others.
        """
        return {
            "source_matchers": [_one_of(self.fault), *_also(self.of), *own],
            "target_matchers": [_one_of(self.explains), *_also(self.about), *own],
            **({"equal": list(self.equal)} if self.equal else {}),
        }


def _one_of(names: tuple[str, ...]) -> str:
    return f'alertname=~"{"|".join(names)}"'


def _also(label: tuple[str, str] | None) -> list[str]:
    return [f'{label[0]}="{label[1]}"'] if label else []


def inhibitions(settings: Settings) -> tuple[Inhibition, ...]:
    """Return what each fault explains in a stack, and nothing about parts that it lacks."""
    return (*_unseen(), *_of_database(settings), *_of_kafka(settings), *_of_slot(settings), *_of_connect(settings), *_of_pairs(settings))


def _unseen() -> tuple[Inhibition, ...]:
    """Return what follows from a part that does not answer at all."""
    return (
        Inhibition(fault=("JobDown",), explains=("TargetDown",), equal=("job",)),
        Inhibition(fault=("JobDown",), explains=("PipelineUnseen", "QualityUnknown"), of=("job", PIPELINE)),
        Inhibition(fault=("JobDown",), explains=_ALL_STOPS, of=("job", CONNECT)),
        Inhibition(fault=("JobDown",), explains=("PartSilent",), of=("job", CONNECT), about=("part", "connect")),
    )


def _of_database(settings: Settings) -> tuple[Inhibition, ...]:
    if not settings.watches_database:
        return (Inhibition(fault=("PartSilent",), explains=(*SOURCE_STOPS, "DetailSilent"), of=("part", "database")),)
    down = ("PostgresDown",)
    # a catalog in the same server is away, too
    silent = ("database", "archive") if settings.archive.has_catalog_database else ("database",)
    return (
        Inhibition(fault=down, explains=("ExporterBroken", "DetailSilent", *_ALL_STOPS)),
        *(Inhibition(fault=down, explains=("PartSilent",), about=("part", part)) for part in silent),
    )


def _of_kafka(settings: Settings) -> tuple[Inhibition, ...]:
    away = ("BrokerMissing", "BrokerFenced", "UnderReplicated", "MetadataStale")
    silent = tuple(("part", part) for part in ("kafka", "sink"))
    if not settings.streaming.kafka.is_managed:
        return (
            Inhibition(fault=("OfflinePartitions",), explains=("BrokerMissing", "UnderReplicated", *_ALL_STOPS)),
            Inhibition(fault=("BrokerMissing",), explains=("UnderReplicated",)),
            Inhibition(fault=("PartSilent",), explains=("DetailSilent", *_ALL_STOPS), of=("part", "kafka")),
            Inhibition(fault=("PartSilent",), explains=("PartSilent",), of=silent[0], about=silent[1]),
        )
    stops = (*away, "DetailSilent", *_ALL_STOPS)
    return (
        Inhibition(fault=("JobDown",), explains=("NoController", "OfflinePartitions", "UnderMinIsr", *stops), of=("job", KAFKA)),
        Inhibition(fault=("NoController",), explains=("OfflinePartitions", "UnderMinIsr", *stops)),
        Inhibition(fault=("OfflinePartitions",), explains=("UnderMinIsr", *stops)),
        Inhibition(fault=("UnderMinIsr",), explains=stops),
        Inhibition(fault=("BrokerMissing",), explains=("UnderReplicated", "BrokerFenced")),
        *(Inhibition(fault=("JobDown",), explains=("PartSilent",), of=("job", KAFKA), about=part) for part in silent),
        *(Inhibition(fault=("NoController", "OfflinePartitions"), explains=("PartSilent",), about=part) for part in silent),
        Inhibition(fault=("HangingTransaction",), explains=SINK_STOPS),
        Inhibition(fault=("UnreadDeleted",), explains=("RetentionBeatsSink",), equal=("topic",)),
    )


def _of_slot(settings: Settings) -> tuple[Inhibition, ...]:
    lost = ("SlotLost", "SlotMissing", "HistoryBroken")
    source = ("connector", settings.names.source_connector)
    return (
        Inhibition(fault=("HistoryBroken",), explains=("SlotLost", "SlotMissing")),
        Inhibition(fault=lost, explains=("SlotHalfUsed", "SlotWillBeLost", *SOURCE_STOPS)),
        # the source fails for want of its slot
        Inhibition(fault=lost, explains=WORKER_STOPS, about=source),
        Inhibition(fault=("SlotWillBeLost",), explains=("SlotHalfUsed",)),
        Inhibition(fault=("SourceDisconnected",), explains=("SourceSilent", "SlotInactive", "SlotNotMoving")),
        Inhibition(fault=("SourceSilent",), explains=("SlotInactive", "SlotNotMoving")),
        Inhibition(fault=("SourceLagHigh",), explains=("SourceLag",)),
    )


def _of_connect(settings: Settings) -> tuple[Inhibition, ...]:
    stopped, names = ("ConnectorNotRunning", "TaskFailed", "TasksMissing"), settings.names
    return (
        Inhibition(fault=("ConnectorNotRunning",), explains=("TaskFailed", "TasksMissing"), equal=("connector",)),
        Inhibition(fault=("TaskFailed",), explains=("TasksMissing",), equal=("connector",)),
        Inhibition(fault=stopped, explains=SOURCE_STOPS, of=("connector", names.source_connector)),
        *_of_sinks(settings, stopped),
        Inhibition(fault=("DeadLetterFlood", "DeadLettersForgotten", "DeadLettersExpire"), explains=("DeadLetters",)),
    )


def _of_sinks(settings: Settings, stopped: tuple[str, ...]) -> Iterator[Inhibition]:
    """Yield what a stopped sink explains: with several, alerts about its own tables, and those that are about no table."""
    for sink in settings.sinks:
        of = ("connector", sink.connector)
        if len(settings.sinks) == 1:
            yield Inhibition(fault=stopped, explains=SINK_STOPS, of=of)
        else:
            yield from (Inhibition(fault=stopped, explains=SINK_STOPS, of=of, about=("table", table.qualified)) for table in sink.tables)


def _of_pairs(settings: Settings) -> tuple[Inhibition, ...]:
    """Return the worse of two alerts about the same thing, with the other."""
    stalled = Inhibition(fault=("ArchiveStalled",), explains=("TableStale", "ArchiveLag", "ArchiveLagHigh"), equal=("table",))
    return (
        *([stalled] if settings.archive.format == "iceberg" else []),
        Inhibition(fault=("TableStale",), explains=("ArchiveLag", "ArchiveLagHigh"), equal=("table",)),
        Inhibition(fault=("ArchiveLagHigh",), explains=("ArchiveLag",), equal=("table",)),
        Inhibition(fault=("CertificateExpiresSoon",), explains=("CertificateExpires",), equal=("certificate",)),
        Inhibition(fault=("QualityVeryLow", "RowsMissing", "RowsTwice"), explains=("QualityLow",), equal=("checkpoint", "table")),
        Inhibition(fault=("OutOfMemoryKilled",), explains=("ContainerNearLimit", "ContainerRestarts"), equal=("namespace", "pod")),
    )
