"""The facts on one screen: database, Kafka, archive and schemas, what is late or lost, and what to do next; pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from pipeline.dlq.ledger import State as LetterState
from pipeline.epoch.facts import Unanswered
from pipeline.reading.log_position import lsn_text
from pipeline.status.levels import Level
from pipeline.status.words import bytes_, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.status.alerts import Alert
    from pipeline.status.facts import Brokers, Database, Snapshot
    from pipeline.status.view import View

WORDS: Final = {
    Level.HEALTHY: "HEALTHY",
    Level.LATE: "LATE OR IN DOUBT",
    Level.LOST: "LOST OR STOPPED",
    Level.SILENT: "CANNOT BE ASKED: no part answers",
}
"""What each level is called."""
_HEADS: Final = ("table", "rows", "files", "last commit", "behind in Kafka", "oldest change not archived")


def lines(view: View) -> list[str]:
    """Return the screen as lines."""
    snapshot = view.snapshot
    at = dt.datetime.fromtimestamp(snapshot.taken, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")
    head = f"Stack {snapshot.stack}, epoch {snapshot.epoch}, {at} UTC: {WORDS[view.level]}"
    hops = hop_lines(view, _table(snapshot))
    return [head, "", *(line for name, told in hops.items() for line in _hop(name, told)), *_told(view), *_alerts(view)]


def hop_lines(view: View, listed: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return what is said of each hop, by its name.

    Args:
        view: The look.
        listed: Lines of the archived tables.
    """
    snapshot = view.snapshot
    return {
        "Database": list(_database(view)),
        "Kafka": list(_kafka(snapshot)),
        "Archive": [_connector(snapshot, 1), *listed, _letters(snapshot)],
        "Schemas": [_schemas(snapshot)],
        "Model": list(_model(snapshot)),
    }


def _hop(name: str, told: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(told):
        yield f"{'' if number else name:10}{line}"


def _told(view: View) -> list[str]:
    if not view.concerns:
        return []
    width = max(len(one.level.name) for one in view.concerns)
    found = [""]
    for one in view.concerns:
        found += [f"{one.level.name:{width}}  {one.hop}: {one.text}", f"{'':{width}}  next: {one.next}"]
    return found


def _alerts(view: View) -> list[str]:
    if view.alerts is None:
        return []
    if isinstance(view.alerts, Unanswered):
        return ["", f"{'Alerts':10}{view.alerts.reason}"]
    return ["", *(_alert(one) for one in view.alerts)] if view.alerts else ["", f"{'Alerts':10}none fires"]


def _alert(alert: Alert) -> str:
    about = ", ".join([*([alert.severity] if alert.severity else []), *(f"{key}={value}" for key, value in alert.labels.items())])
    return f"{'ALERT':10}{alert.name}{f' ({about})' if about else ''}{f': {alert.summary}' if alert.summary else ''}"


def _database(view: View) -> Iterator[str]:
    snapshot, database = view.snapshot, view.snapshot.database
    if isinstance(database, Unanswered):
        yield database.reason
    else:
        yield _slot(database, view.left_s)
        yield f"log written up to {lsn_text(database.server.end)}, {_read(snapshot)}{_heartbeat(database)}"
    if isinstance(snapshot.certificates, Unanswered):
        yield snapshot.certificates.reason
    else:
        left = {name: (end - snapshot.taken) / 86400 for name, end in snapshot.certificates.items()}
        yield f"certificates: {', '.join(f'{name} {days:.0f} days left' for name, days in left.items())}"


def _slot(database: Database, left_s: float | None) -> str:
    slot = database.server.slot
    if slot is None:
        return "slot does not exist"
    state = slot.invalidation or slot.wal_status
    used = "active" if slot.active else "inactive" + (f" for {span(slot.inactive_s)}" if slot.inactive_s is not None else "")
    kept = "" if slot.retained is None else f", {bytes_(slot.retained)} of log kept"
    left = "" if slot.safe is None else f", {bytes_(slot.safe)} until it is lost"
    rate = "" if left_s is None else f" (in {span(left_s)} at the rate of the last two looks)"
    return f"slot {state}, {used}{kept}{left}{rate}"


def _read(snapshot: Snapshot) -> str:
    worker = snapshot.worker
    if isinstance(worker, Unanswered) or worker.source.position is None:
        return "read position not known" if isinstance(worker, Unanswered) else "nothing read yet"
    if worker.source.snapshot:
        return "the source reads the first snapshot"
    age = "" if worker.source.read is None else f", a commit {span(max(0.0, snapshot.taken - worker.source.read / 1000))} ago"
    return f"read up to {lsn_text(worker.source.position)}{age}"


def _heartbeat(database: Database) -> str:
    return "" if database.heartbeat_s is None else f"; last heartbeat committed {span(database.heartbeat_s)} ago"


def _kafka(snapshot: Snapshot) -> Iterator[str]:
    yield _connector(snapshot, 0)
    if isinstance(snapshot.brokers, Unanswered):
        yield snapshot.brokers.reason
    else:
        yield _cluster(snapshot.brokers)
    yield f"{snapshot.backfill.reason if isinstance(snapshot.backfill, Unanswered) else snapshot.backfill}"


def _connector(snapshot: Snapshot, place: int) -> str:
    worker = snapshot.worker
    if isinstance(worker, Unanswered):
        return worker.reason
    one = worker.connectors[place]
    if one.state is None:
        return f"{one.name} does not exist"
    return f"{one.name} {one.state}, {one.running} of {one.expected} task(s) RUNNING"


def _cluster(brokers: Brokers) -> str:
    copies = f"{len(brokers.under_replicated)} partition(s) lack a copy" if brokers.under_replicated else "every copy in sync"
    led = f", {len(brokers.leaderless)} partition(s) without leader" if brokers.leaderless else ""
    return f"{brokers.there} of {brokers.expected} brokers, {copies}{led}"


def _letters(snapshot: Snapshot) -> str:
    letters = snapshot.dead_letters
    if isinstance(letters, Unanswered):
        return letters.reason
    counts = ", ".join(f"{letters.counts.get(state, 0)} {state.value}" for state in LetterState)
    return f"dead letters: {counts}" + (f", up to {letters.expired} expired while open" if letters.expired else "")


def table(snapshot: Snapshot) -> list[tuple[str, ...]]:
    """Return the heads and a row of figures for each table; nothing without a table."""
    return [_HEADS, *(_row(snapshot, name) for name in snapshot.waiting)] if snapshot.waiting else []


def _table(snapshot: Snapshot) -> list[str]:
    rows = table(snapshot)
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))] if rows else []
    cells = [[f"{figure:>{width}}" for figure, width in zip(figures, widths[1:], strict=True)] for _, *figures in rows]
    return ["  ".join([f"{name:{widths[0]}}", *aligned]) for (name, *_), aligned in zip(rows, cells, strict=True)]


def _row(snapshot: Snapshot, name: str) -> tuple[str, ...]:
    table, waiting = snapshot.archive.get(name), snapshot.waiting[name]
    oldest = "not known" if isinstance(waiting, Unanswered) else _age(snapshot, waiting.since, "none")
    if table is None or isinstance(table, Unanswered):
        return (name, *(("-",) * 3 if table is None else ("not known",) * 3), _behind(snapshot, name), oldest)
    return (name, f"{table.rows:,}", f"{table.files:,}", _age(snapshot, table.committed, "never", " ago"), _behind(snapshot, name), oldest)


def _behind(snapshot: Snapshot, name: str) -> str:
    if isinstance(snapshot.lags, Unanswered):
        return "not known"
    own = [lag for (topic, _), lag in snapshot.lags.items() if snapshot.topics.get(topic) == name]
    records, since = sum(lag.records for lag in own), min((lag.since for lag in own if lag.since is not None), default=None)
    return "nothing" if since is None else f"{records:,}, {span(max(0.0, snapshot.taken - since))}"


def _age(snapshot: Snapshot, since: float | None, none: str, ago: str = "") -> str:
    return none if since is None else f"{span(max(0.0, snapshot.taken - since))}{ago}"


def _model(snapshot: Snapshot) -> Iterator[str]:
    sides, found = snapshot.compared.found, snapshot.compared.all
    if sides:
        tables = len({table for table, _ in sides})
        told = f"{len(found)} difference(s)" if found else "no difference"
        yield f"{told} between {tables} table(s) and {', '.join(dict.fromkeys(side.value for _, side in sides))}"


def _schemas(snapshot: Snapshot) -> str:
    if isinstance(snapshot.subjects, Unanswered):
        return snapshot.subjects.reason
    return f"{len(snapshot.subjects)} subject(s), {sum(snapshot.subjects.values())} version(s)"
