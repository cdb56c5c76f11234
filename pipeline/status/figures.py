"""Figures of one look, as samples of metrics: values of the labels, and the number; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pipeline.epoch.diagnosis import State
from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Archived, Brokers, Database, DeadLetters, Waiting, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline.epoch.facts import Slot
    from pipeline.status.facts import Connector, Lag, Place, Snapshot
    from pipeline.status.view import View

Sample: TypeAlias = tuple[tuple[str, ...], float]
"""Values of the labels, and the figure."""


def one(value: float | None) -> Iterator[Sample]:
    """Yield one figure without labels; nothing if it is not known."""
    if value is not None:
        yield (), float(value)


def slot_of(view: View) -> Slot | None:
    """Return the slot; None without one, or if it is not known."""
    database = view.snapshot.database
    return database.server.slot if isinstance(database, Database) else None


def of_slot(figure: Callable[[Slot], float | None]) -> Callable[[View], Iterator[Sample]]:
    """Return the samples of a figure of the slot."""
    return lambda view: one(None if (slot := slot_of(view)) is None else figure(slot))


def there(view: View) -> Iterator[Sample]:
    """Yield whether the slot exists."""
    if isinstance(view.snapshot.database, Database):
        yield (), float(slot_of(view) is not None)


def wal_status(view: View) -> Iterator[Sample]:
    """Yield the server's word for the slot's log."""
    slot = slot_of(view)
    if slot is not None:
        yield (slot.wal_status,), 1.0


def of_database(figure: Callable[[Database], float | None]) -> Callable[[View], Iterator[Sample]]:
    """Return the samples of a figure of the database."""
    return lambda view: one(figure(view.snapshot.database) if isinstance(view.snapshot.database, Database) else None)


def connectors(view: View) -> tuple[Connector, ...]:
    """Return the connectors; none if the worker has not answered."""
    return view.snapshot.worker.connectors if isinstance(view.snapshot.worker, Worker) else ()


def tasks(view: View) -> Iterator[Sample]:
    """Yield the number of tasks in each state; RUNNING and FAILED always."""
    for one in connectors(view):
        for state in dict.fromkeys(("RUNNING", "FAILED", *one.tasks)):
            yield (one.name, state), float(one.tasks.count(state))


def of_source(figure: Callable[[Snapshot, Worker], float | None]) -> Callable[[View], Iterator[Sample]]:
    """Return the samples of a figure of the source connector."""
    return lambda view: one(figure(view.snapshot, view.snapshot.worker) if isinstance(view.snapshot.worker, Worker) else None)


def read(snapshot: Snapshot, worker: Worker) -> float | None:
    """Return the age of the last commit that the source has read."""
    return None if worker.source.read is None or worker.source.snapshot else max(0.0, snapshot.taken - worker.source.read / 1000)


def of_brokers(figure: Callable[[Brokers], float]) -> Callable[[View], Iterator[Sample]]:
    """Return the samples of a figure of the Kafka cluster."""
    return lambda view: one(figure(view.snapshot.brokers) if isinstance(view.snapshot.brokers, Brokers) else None)


def ends(view: View) -> Iterator[Sample]:
    """Yield the end of each partition."""
    if isinstance(view.snapshot.brokers, Brokers):
        yield from (((topic, str(number)), float(end)) for (topic, number), end in view.snapshot.brokers.ends.items())


def lags(view: View) -> Mapping[Place, Lag]:
    """Return the backlog; nothing if it is not known."""
    return {} if isinstance(view.snapshot.lags, Unanswered) else view.snapshot.lags


def records(view: View) -> Iterator[Sample]:
    """Yield the backlog of each partition in records."""
    yield from (((topic, str(number)), float(lag.records)) for (topic, number), lag in lags(view).items())


def deleted(view: View) -> Iterator[Sample]:
    """Yield what retention has deleted unread."""
    yield from (((topic, str(number)), float(lag.deleted)) for (topic, number), lag in lags(view).items())


def seconds(view: View) -> Iterator[Sample]:
    """Yield the age of the backlog of each topic."""
    oldest: dict[str, float] = {}
    for (topic, _), lag in lags(view).items():
        age = 0.0 if lag.since is None else max(0.0, view.snapshot.taken - lag.since)
        oldest[topic] = max(age, oldest.get(topic, 0.0))
    yield from (((topic,), age) for topic, age in oldest.items())


def waiting(view: View) -> Iterator[Sample]:
    """Yield the age of the oldest change of each table that is not archived."""
    for name, one in view.snapshot.waiting.items():
        if isinstance(one, Waiting):
            yield (name,), 0.0 if one.since is None else max(0.0, view.snapshot.taken - one.since)


def of_table(figure: Callable[[Archived], float | None]) -> Callable[[View], Iterator[Sample]]:
    """Return the samples of a figure of each archived table."""

    def samples(view: View) -> Iterator[Sample]:
        for name, one in view.snapshot.archive.items():
            value = figure(one) if isinstance(one, Archived) else None
            if value is not None:
                yield (name,), float(value)

    return samples


def letters(view: View) -> Iterator[Sample]:
    """Yield the number of dead letters in each state."""
    if isinstance(view.snapshot.dead_letters, DeadLetters):
        yield from (((state.value,), float(number)) for state, number in view.snapshot.dead_letters.counts.items())


def expired(view: View) -> Iterator[Sample]:
    """Yield how many dead letters may have expired."""
    letters = view.snapshot.dead_letters
    return one(letters.expired if isinstance(letters, DeadLetters) else None)


def oldest(view: View) -> Iterator[Sample]:
    """Yield the time of the oldest open dead letter; nothing without one."""
    letters = view.snapshot.dead_letters
    return one(letters.oldest if isinstance(letters, DeadLetters) else None)


def named(found: Mapping[str, float] | Mapping[str, int] | Unanswered) -> Iterator[Sample]:
    """Yield figures with a name."""
    if not isinstance(found, Unanswered):
        yield from (((name,), float(value)) for name, value in found.items())


def disagreements(view: View) -> Iterator[Sample]:
    """Yield the number of differences of each table and side that were compared."""
    yield from (((table, side.value), float(len(found))) for (table, side), found in view.snapshot.compared.found.items())


def history(view: View) -> Iterator[Sample]:
    """Yield whether the history is broken; nothing while it is undecided."""
    if view.snapshot.history.state is not State.UNDECIDED:
        yield (), float(view.snapshot.history.state is State.BROKEN)


def backfill(view: View) -> Iterator[Sample]:
    """Yield the number of tables in a backfill."""
    backfill = view.snapshot.backfill
    return one(None if isinstance(backfill, Unanswered) else len(backfill.tables))
