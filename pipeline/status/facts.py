"""Facts about a running stack at one moment; a part that does not answer is a fact, too, with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from pipeline.epoch.facts import Unanswered
from pipeline.status.watched import Compared
from stack.settings.names import CONTROL_TOPIC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.backfill.progress import Progress
    from pipeline.dlq.ledger import State
    from pipeline.epoch.diagnosis import Verdict
    from pipeline.epoch.facts import Server, Source
    from pipeline.status.watched import Capture

_Fact = TypeVar("_Fact")

Known: TypeAlias = _Fact | Unanswered
"""A fact, or the reason why it is not known."""

Place: TypeAlias = tuple[str, int]
"""Topic and partition."""

RUNNING: Final = "RUNNING"
_NOT_ASKED: Final = Unanswered("the tables of the database were not asked for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """Connector as the worker reports it.

    Attributes:
        name: Name of the connector.
        state: State of the connector itself, such as ``RUNNING`` or ``PAUSED``; None without such a connector.
        tasks: State of each task.
        expected: Number of tasks that the stack declares.
        reason: First line of a failed part's reason, else empty.
    """

    name: str
    state: str | None
    tasks: tuple[str, ...] = ()
    expected: int = 1
    reason: str = ""

    @property
    def running(self) -> int:
        """Number of tasks that run."""
        return self.tasks.count(RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """Connect worker.

    Attributes:
        connectors: The source, then the sink.
        source: The source as the judgement of the history needs it.
    """

    connectors: tuple[Connector, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Source database.

    Attributes:
        server: Server with the slot of the epoch.
        heartbeat_s: Seconds since the last commit in the heartbeat table; None if it cannot be read or has no row.
        capture: Publication and captured tables.
    """

    server: Server
    heartbeat_s: float | None
    capture: Known[Capture] = _NOT_ASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Brokers:
    """Kafka cluster.

    Attributes:
        there: Number of brokers that the cluster knows.
        expected: Number of brokers that the stack declares.
        under_replicated: Partitions of the pipeline with fewer copies in sync than there are.
        leaderless: Partitions of the pipeline that nobody leads.
        missing: Topics of the pipeline that do not exist.
        begins: First offset of each partition of the pipeline's topics.
        ends: Offset behind the last committed record of each.
        committed: Position of the sink's group in the change topics, where it has one.
    """

    there: int
    expected: int
    under_replicated: tuple[Place, ...] = ()
    leaderless: tuple[Place, ...] = ()
    missing: tuple[str, ...] = ()
    begins: Mapping[Place, int] = field(default_factory=dict)
    ends: Mapping[Place, int] = field(default_factory=dict)
    committed: Mapping[Place, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """Backlog of the sink in one partition of a change topic.

    Attributes:
        records: Offsets behind the sink's committed position, marks of transactions included; 0 if no record is among them.
        since: Time of the first record behind it, in seconds since 1970; None if there is none.
        deleted: Offsets that retention has deleted before the sink had read them; a single one is the mark of a transaction.
    """

    records: int
    since: float | None = None
    deleted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Archived table as its catalog describes it.

    Attributes:
        epoch: Epoch that the table names.
        rows: Rows of the current snapshot.
        files: Data files of the current snapshot.
        committed: Time of the last commit, in seconds since 1970; None without a commit.
        position: Furthest archived place in the database's log in that epoch; None without a row.
        changed: Time of the last archived change, in milliseconds since 1970.
        control: Position in the control topic that its snapshots hold, by partition.
        topic: Name of that topic.
        offsets: Highest archived offset of each partition of its topic.
        columns: Type of each column, with ``required`` before it where it allows no NULL.
    """

    epoch: int
    rows: int
    files: int
    committed: float | None
    position: int | None = None
    changed: int | None = None
    control: Mapping[int, int] = field(default_factory=dict)
    topic: str = CONTROL_TOPIC
    offsets: Mapping[int, int] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Oldest change of a table that is in Kafka and not in the archive.

    Attributes:
        since: Time of its record, in seconds since 1970; None if no change waits.
    """

    since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """Records that the sink has set aside.

    Attributes:
        counts: Number in each state.
        expired: Most letters that retention may have deleted while they were open.
        places: Topic, partition and offset of each original record.
        oldest: Time of the oldest open letter, in seconds since 1970, from which retention counts; None without one.
    """

    counts: Mapping[State, int]
    expired: int
    places: frozenset[tuple[str, int, int]] = frozenset()
    oldest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Facts of one moment.

    Attributes:
        stack: Name of the stack.
        epoch: Epoch of the stack file.
        taken: Time of the look, in seconds since 1970.
        topics: Change topic to qualified name of its table.
        worker: Connect and its connectors.
        database: Source database.
        brokers: Kafka.
        lags: Backlog of the sink, by partition of a change topic.
        archive: Archived tables, by qualified name; none in the format ``parquet``, which no catalog knows.
        waiting: Oldest change that is not archived, by qualified name.
        dead_letters: Dead letters.
        subjects: Versions of each subject of the schema registry.
        certificates: End of each certificate, in seconds since 1970.
        history: Judgement of the history.
        backfill: Open backfill.
        compared: What differs between the model of the tables and their other sides.
    """

    stack: str
    epoch: int
    taken: float
    topics: Mapping[str, str]
    worker: Known[Worker]
    database: Known[Database]
    brokers: Known[Brokers]
    lags: Known[Mapping[Place, Lag]]
    archive: Mapping[str, Known[Archived]]
    waiting: Mapping[str, Known[Waiting]]
    dead_letters: Known[DeadLetters]
    subjects: Known[Mapping[str, int]]
    certificates: Known[Mapping[str, float]]
    history: Verdict
    backfill: Known[Progress]
    compared: Compared = field(default_factory=lambda: Compared({}))

    @property
    def parts(self) -> Mapping[str, bool]:
        """Whether each part has answered."""
        asked = {
            "database": self.database,
            "connect": self.worker,
            "kafka": self.brokers,
            "sink": self.lags,
            "dead_letters": self.dead_letters,
            "registry": self.subjects,
            "certificates": self.certificates,
            "backfill": self.backfill,
        }
        answered = {name: not isinstance(one, Unanswered) for name, one in asked.items()}
        archive = {"archive": not any(isinstance(one, Unanswered) for one in self.archive.values())} if self.archive else {}
        return {**answered, **archive}
