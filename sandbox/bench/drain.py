"""Rows per second of the source and of the sink, each alone.

Source: with the sink paused, rows are inserted in transactions of 10,000; the time runs from the first INSERT until the topic, asked
twice a second, has stopped growing and the replication slot has passed the last row. Sink: it is resumed and takes out the queue; the
time runs from the resumption to the last commit, by the commits' own time stamps in the Iceberg table. The rate after the first commit
leaves out the start of the tasks and the wait for that commit. Then every row is in the archive once: none missing, none twice. Both
together: the rows are deleted again with both running; the time runs from the first DELETE to the last commit.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.reading.archive import Archive
from providers.waiting import Patience
from sandbox import connectors
from sandbox.bench import backlog, machine, rows, sink
from sandbox.bench.figures import NOTHING, Figures, FiguresError, Grid
from sandbox.equality import connect
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipeline.checks.progress import Progress
    from sandbox.bench.backlog import Queued
    from stack.settings.tables import Table

_LOOK_EVERY_S: Final = 2.0  # the commits carry their own time, and each look takes processor time from the sink


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the sink.

    Attributes:
        at: When, in seconds since 1970.
        rows: Rows that it added.
    """

    at: float
    rows: int


@dataclass(frozen=True, slots=True)
class Drained:
    """Durations of draining a queue.

    Attributes:
        rows: Rows committed.
        total_s: Seconds from the beginning to the last commit.
        rate: Rows per second over all of it.
        first_s: Seconds to the first commit.
        rate_after_first: Rows per second from the first commit to the last, or None if there was one only.
    """

    rows: int
    total_s: float
    rate: float
    first_s: float
    rate_after_first: float | None


def drained(began: float, commits: Sequence[Commit]) -> Drained:
    """Return the rates of some commits.

    Args:
        began: When the sink could begin, in seconds since 1970.
        commits: At least one, in any order.
    """
    ordered = sorted(commits, key=lambda commit: commit.at)
    first, last = ordered[0], ordered[-1]
    total = sum(commit.rows for commit in ordered)
    later_s = last.at - first.at
    after_first = (total - first.rows) / later_s if later_s > 0 else None
    return Drained(total, last.at - began, total / (last.at - began), first.at - began, after_first)


@dataclass(frozen=True, slots=True)
class Run:
    """Durations of one way of rows through the pipeline.

    Attributes:
        queued: Filling the queue.
        drained: Draining it.
        deleted: Deleting the rows with source and sink running.
    """

    queued: Queued
    drained: Drained
    deleted: Drained


def measure(outputs: Mapping[str, Any], progress: Progress, number: int, minutes: float) -> Figures:
    """Measure one run. Arguments and errors are those of `run`."""
    found = run(outputs, progress, number, minutes)
    versions = machine.sandbox_versions(Kube(KUBECONFIG))
    return Figures(f"Draining {number} rows", str(__doc__), (table(found.queued, found.drained, found.deleted),), asdict(found), versions)


def run(outputs: Mapping[str, Any], progress: Progress, number: int, minutes: float) -> Run:
    """Queue rows, drain them, check them and delete them.

    Args:
        outputs: The stack's outputs.
        progress: Shows how far it is.
        number: How many rows.
        minutes: The most that all of it may take.

    Raises:
        FiguresError: If it takes longer, or a row is missing or there twice.
    """
    _refuse_failed(outputs)
    archive, what, timeout_s = Archive(outputs), rows.measured(outputs), minutes * 60
    name = what.table.archive_name
    with rows.removed_after(outputs, what, progress) as mark, progress.step(f"Draining {number} rows") as step:
        patience = Patience(timeout_s, display=step)
        with sink.held_back(outputs, patience):
            queued = backlog.fill(outputs, what, mark, number, patience)
            known, began = _snapshots(archive, name), time.time()
        _wait(outputs, archive, _Wanted(what, mark, "c", number), known, patience)
        taken = drained(began, _commits(archive, name, known))
        _refuse_twice(archive, what.table)
        known, began = _snapshots(archive, name), time.time()
        with connect(outputs) as database:
            rows.remove(database, what)
        _wait(outputs, archive, _Wanted(what, mark, "d", number), known, patience)
        both = drained(began, _commits(archive, name, known))
        _refuse_twice(archive, what.table)
    return Run(queued, taken, both)


def _refuse_failed(outputs: Mapping[str, Any]) -> None:
    """Refuse to measure a pipeline that is not whole.

    Raises:
        FiguresError: With the worker's reasons.
    """
    failed = connectors.failures(outputs)
    if failed:
        raise FiguresError("\n".join(["nothing can be drained while tasks have failed:", *failed]))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Expected content of the archive: a number of changes of one operation to the rows with a mark."""

    what: rows.Measured
    mark: str
    operation: str
    number: int


def _snapshots(archive: Archive, name: str) -> set[int]:
    return {snapshot.snapshot_id for snapshot in archive.table(name).snapshots()}


def _commits(archive: Archive, name: str, known: Collection[int]) -> list[Commit]:
    """Return the commits of the table that were not known."""
    fresh = [snapshot for snapshot in archive.table(name).snapshots() if snapshot.snapshot_id not in known]
    return [Commit(snapshot.timestamp_ms / 1000, int((snapshot.summary and snapshot.summary["added-records"]) or 0)) for snapshot in fresh]


def _wait(outputs: Mapping[str, Any], archive: Archive, wanted: _Wanted, known: Collection[int], patience: Patience) -> None:
    """Return when every wanted change is in the archive once.

    The commits say when it can be so, which costs next to nothing; only then are the files read.

    Raises:
        FiguresError: If one is missing in the end, or there are too many.
    """
    while True:
        added = sum(commit.rows for commit in _commits(archive, wanted.what.table.archive_name, known))
        if added >= wanted.number and _complete(archive, wanted):
            return
        reason = f"the archive to have {wanted.number} more rows, it has {added}"
        if not patience.go_on(reason, _LOOK_EVERY_S):
            verdict = patience.verdict(f"the archive has {added} of {wanted.number} rows more")
            raise FiguresError("\n".join([verdict, *connectors.failures(outputs)]))


def _complete(archive: Archive, wanted: _Wanted) -> bool:
    name, marker = wanted.what.table.archive_name, wanted.what.marker.name
    statement = f"SELECT count(*) AS changes, count(DISTINCT {marker}) AS keys FROM changes WHERE {marker} LIKE ? AND __op = ?"  # noqa: S608 - from the table model
    found = archive.query(name, statement, [rows.pattern(wanted.mark), wanted.operation])
    changes, keys = (found[0]["changes"], found[0]["keys"]) if found else (0, 0)
    if changes != keys or keys > wanted.number:
        message = f"the archive has {changes} changes {wanted.operation!r} of {keys} rows where {wanted.number} were made, each once"
        raise FiguresError(message)
    return bool(keys == wanted.number)


def _refuse_twice(archive: Archive, table: Table) -> None:
    twice = archive.duplicates(table.archive_name, table.primary_key)
    if twice:
        message = f"{twice} change(s) are in the archive more than once"
        raise FiguresError(message)


def table(queued: Queued, taken: Drained, both: Drained) -> Grid:
    """One row for each rate."""
    after_s = taken.total_s - taken.first_s
    lines = [
        ("source: PostgreSQL to Kafka", queued.rows, queued.capture_s, queued.rows / queued.capture_s),
        ("of that, the INSERTs themselves", queued.rows, queued.insert_s, queued.rows / queued.insert_s),
        ("sink: Kafka to the archive", taken.rows, taken.total_s, taken.rate),
    ]
    if taken.rate_after_first is not None:
        lines.append(("of that, after the first commit", round(taken.rate_after_first * after_s), after_s, taken.rate_after_first))
    lines.append(("both together: DELETE to the archive", both.rows, both.total_s, both.rate))
    cells = [(name, str(number), f"{seconds:.1f}", f"{rate:.0f}") for name, number, seconds, rate in lines]
    checked = ("rows missing or twice in the archive", "0", NOTHING, NOTHING)  # anything else is refused above
    return Grid(("what", "rows", "seconds", "rows per second"), (*cells, checked))
