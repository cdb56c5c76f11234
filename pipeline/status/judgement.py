"""Judgement of a stack by its facts: what is late, what is lost or stopped, and the command that comes next; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.dlq.ledger import State as LetterState
from pipeline.epoch.diagnosis import State
from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import RUNNING
from pipeline.status.levels import Concern, Level
from pipeline.status.words import bytes_, command, span
from stack.configs.secrecy import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.epoch.facts import Slot
    from pipeline.status.facts import Connector, Database, DeadLetters, Place, Snapshot
    from stack.specification.lateness import Lateness

_HALF: Final = 0.5
# A slot that is read moves on in steps, so that between two looks an empty one shrinks, too
_QUARTER: Final = 0.25
_SOON_S: Final = 3600.0
_CERTIFICATE_S: Final = 30 * 86400.0
# A single deleted offset behind the position is the mark of a transaction
_MARK: Final = 1


def level(found: tuple[Concern, ...], snapshot: Snapshot) -> Level:
    """Return the worst level; a stack of which no part answers cannot be asked."""
    if not any(snapshot.parts.values()):
        return Level.SILENT
    return max((concern.level for concern in found), default=Level.HEALTHY)


def concerns(snapshot: Snapshot, limits: Lateness, left_s: float | None = None) -> tuple[Concern, ...]:
    """Return everything that is not as it has to be, the worst first.

    Args:
        snapshot: The facts.
        limits: Lateness of the stack.
        left_s: Seconds until the slot is lost at the measured rate; None if it was not measured, or nothing shrinks.
    """
    found = [
        *_database(snapshot, limits, left_s),
        *_kafka(snapshot),
        *_connectors(snapshot),
        *_archive(snapshot, limits),
        *_dead_letters(snapshot),
        *_schemas(snapshot),
        *_certificates(snapshot),
        *_backfill(snapshot),
        *_compared(snapshot),
    ]
    # a part that is silent is the reason of several
    named = {told(one.text): one for one in found}
    return tuple(sorted((replace(one, text=text) for text, one in named.items()), key=lambda one: -one.level))


def _command(words: str, snapshot: Snapshot) -> str:
    return command(words, snapshot.stack)


def _silent(hop: str, part: Unanswered, snapshot: Snapshot) -> Concern:
    return Concern(Level.LATE, hop, part.reason, _command("doctor", snapshot))


def _database(snapshot: Snapshot, limits: Lateness, left_s: float | None) -> Iterator[Concern]:
    show, begin, history = _command("epoch show", snapshot), _command("epoch begin", snapshot), snapshot.history
    if history.state is State.BROKEN:
        yield Concern(Level.LOST, "Database", f"the history is broken: {history.text}", begin)
    elif history.state is State.UNFINISHED:
        yield Concern(Level.LATE, "Database", history.text, begin)
    database = snapshot.database
    if isinstance(database, Unanswered):
        yield _silent("Database", database, snapshot)
        return
    slot = database.server.slot
    if slot is None:
        if history.state is not State.BROKEN:
            yield Concern(Level.LOST, "Database", "the replication slot does not exist", show)
    elif not slot.is_lost:
        yield from _slot(slot, left_s, show)
    elif history.state is not State.BROKEN:
        yield Concern(Level.LOST, "Database", "the replication slot is lost", show)
    yield from _source(snapshot, database, limits)


def _slot(slot: Slot, left_s: float | None, show: str) -> Iterator[Concern]:
    if not slot.active:
        since = f" for {span(slot.inactive_s)}" if slot.inactive_s is not None else ""
        yield Concern(Level.LATE, "Database", f"nobody reads the replication slot{since}, and the database keeps its log for it", show)
    if slot.wal_status == "unreserved":
        yield Concern(Level.LATE, "Database", "the replication slot is lost at the next checkpoint unless it is read now", show)
    elif _used(slot) > _HALF and slot.safe is not None and slot.retained is not None:
        text = f"{bytes_(slot.retained)} of log are kept for the slot, and {bytes_(slot.safe)} are left until it is lost"
        yield Concern(Level.LATE, "Database", text, show)
    if left_s is not None and left_s < _SOON_S and _used(slot) > _QUARTER:
        yield Concern(Level.LATE, "Database", f"the replication slot is lost in {span(left_s)} at the rate of the last two looks", show)


def _used(slot: Slot) -> float:
    """Return the part of the log that the server may keep for the slot which it keeps already; 0 without a bound."""
    if slot.safe is None or slot.retained is None:
        return 0.0
    return slot.retained / max(1, slot.retained + slot.safe)


def _source(snapshot: Snapshot, database: Database, limits: Lateness) -> Iterator[Concern]:
    worker = snapshot.worker
    if not isinstance(worker, Unanswered) and (worker.source.snapshot or worker.source.position is None):
        return
    read = None if isinstance(worker, Unanswered) else worker.source.read
    if read is not None and snapshot.taken - read / 1000 > limits.silent_s:
        text = f"the source has read nothing for {span(snapshot.taken - read / 1000)}, though it writes a heartbeat by itself"
        yield Concern(Level.LATE, "Database", text, _command("epoch show", snapshot))
    elif database.heartbeat_s is not None and database.heartbeat_s > limits.silent_s:
        text = f"the last heartbeat of the source was committed {span(database.heartbeat_s)} ago"
        yield Concern(Level.LATE, "Database", text, _command("epoch show", snapshot))


def _kafka(snapshot: Snapshot) -> Iterator[Concern]:
    brokers, doctor = snapshot.brokers, _command("doctor", snapshot)
    if isinstance(brokers, Unanswered):
        yield _silent("Kafka", brokers, snapshot)
        return
    if brokers.there < brokers.expected:
        yield Concern(Level.LATE, "Kafka", f"{brokers.there} of {brokers.expected} brokers are there", doctor)
    if brokers.missing:
        yield Concern(Level.LOST, "Kafka", f"topics do not exist: {', '.join(brokers.missing)}", _command("epoch show", snapshot))
    if brokers.leaderless:
        yield Concern(Level.LOST, "Kafka", f"{len(brokers.leaderless)} partition(s) have no leader: {_first(brokers.leaderless)}", doctor)
    elif brokers.under_replicated:
        text = f"{len(brokers.under_replicated)} partition(s) lack a copy in sync: {_first(brokers.under_replicated)}"
        yield Concern(Level.LATE, "Kafka", text, doctor)
    yield from _deleted(snapshot)


def _first(places: tuple[Place, ...]) -> str:
    topic, number = places[0]
    return f"{topic}/{number}{', …' if len(places) > 1 else ''}"


def _deleted(snapshot: Snapshot) -> Iterator[Concern]:
    """Name what retention has deleted before the sink had read it; without a record behind it may have been marks of transactions."""
    if isinstance(snapshot.lags, Unanswered):
        yield _silent("Kafka", snapshot.lags, snapshot)
        return
    for (topic, number), lag in snapshot.lags.items():
        if lag.deleted > _MARK:
            sure = lag.since is not None
            perhaps = "" if sure else ", unless they were marks of transactions"
            text = f"up to {lag.deleted} records of {topic}/{number} were deleted by retention before the sink had read them{perhaps}"
            yield Concern(Level.LOST if sure else Level.LATE, "Kafka", text, _command("audit", snapshot))


def _connectors(snapshot: Snapshot) -> Iterator[Concern]:
    worker = snapshot.worker
    if isinstance(worker, Unanswered):
        yield _silent("Kafka", worker, snapshot)
        return
    for connector, hop in zip(worker.connectors, ("Kafka", "Archive"), strict=True):
        stopped = _stopped(connector)
        if stopped:
            yield Concern(Level.LOST, hop, f"the connector {connector.name} {stopped}", _up(snapshot))
        elif connector.state != RUNNING:
            yield Concern(Level.LATE, hop, f"the connector {connector.name} is {connector.state}", _up(snapshot))
        elif connector.running < connector.expected:
            text = f"{connector.running} of {connector.expected} tasks of the connector {connector.name} run"
            yield Concern(Level.LATE, hop, text, _up(snapshot))


def _stopped(connector: Connector) -> str:
    if connector.state is None:
        return "does not exist"
    if connector.state == "STOPPED":
        return "is STOPPED"
    failed = connector.tasks.count("FAILED")
    reason = f": {connector.reason}" if connector.reason else ""
    if connector.state == "FAILED":
        return f"is FAILED{reason}"
    return f"has {failed} failed task(s) of {connector.expected}{reason}" if failed else ""


def _up(snapshot: Snapshot) -> str:
    return "make sandbox" if snapshot.stack == "sandbox" else f"pulumi up --refresh --stack {snapshot.stack}"


def _archive(snapshot: Snapshot, limits: Lateness) -> Iterator[Concern]:
    ages: dict[str, float] = {}
    for name, waiting in snapshot.waiting.items():
        if isinstance(waiting, Unanswered):
            yield _silent("Archive", waiting, snapshot)
        elif waiting.since is not None:
            ages[name] = snapshot.taken - waiting.since
    late = {name: age for name, age in ages.items() if age > limits.late_s}
    if late:
        name = max(late, key=lambda one: late[one])
        text = f"{len(late)} table(s) are late: a change of {name} waits for {span(late[name])} (limit {span(limits.late_s)})"
        yield Concern(Level.LATE, "Archive", text, _command("status --watch", snapshot))


def _dead_letters(snapshot: Snapshot) -> Iterator[Concern]:
    found, listed = snapshot.dead_letters, _command("dlq list", snapshot)
    if isinstance(found, Unanswered):
        yield _silent("Archive", found, snapshot)
        return
    yield from _open(found, listed)


def _open(found: DeadLetters, listed: str) -> Iterator[Concern]:
    number = found.counts.get(LetterState.OPEN, 0)
    if found.expired:
        text = f"up to {found.expired} dead letters were deleted by retention before anything was done with them"
        yield Concern(Level.LOST, "Archive", text, listed)
    if number:
        yield Concern(Level.LATE, "Archive", f"{number} dead letter(s) are open: rows that are not in the archive", listed)


def _schemas(snapshot: Snapshot) -> Iterator[Concern]:
    if isinstance(snapshot.subjects, Unanswered):
        yield _silent("Schemas", snapshot.subjects, snapshot)


def _certificates(snapshot: Snapshot) -> Iterator[Concern]:
    found = snapshot.certificates
    if isinstance(found, Unanswered):
        yield _silent("Database", found, snapshot)
        return
    for name, end in found.items():
        left = end - snapshot.taken
        if left <= 0:
            yield Concern(Level.LOST, "Database", f"the certificate {name} has expired {span(-left)} ago", _up(snapshot))
        elif left < _CERTIFICATE_S:
            yield Concern(Level.LATE, "Database", f"the certificate {name} expires in {span(left)}", _up(snapshot))


def _backfill(snapshot: Snapshot) -> Iterator[Concern]:
    if isinstance(snapshot.backfill, Unanswered):
        yield _silent("Kafka", snapshot.backfill, snapshot)


def _compared(snapshot: Snapshot) -> Iterator[Concern]:
    yield from (Concern(one.level, one.side.hop, one.text, one.next) for one in snapshot.compared.all)
    if not isinstance(snapshot.subjects, Unanswered) and snapshot.compared.unasked is not None:
        yield _silent("Schemas", snapshot.compared.unasked, snapshot)
