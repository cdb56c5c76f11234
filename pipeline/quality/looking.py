"""One check of a running stack's archive: files by the catalog or the folders, Kafka's places, and the counts of each table."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.audit import archived
from pipeline.audit.interruption import interruptible
from pipeline.audit.kafka_side import ranges
from pipeline.audit.records import ASIDE, PLACES, set_aside
from pipeline.audit.spill import Spill, limit, private_folder
from pipeline.audit.topics import Range, Topics
from pipeline.description.stack import UnansweredError
from pipeline.dlq.causes import BROKEN_RULE
from pipeline.quality.measuring import Measured, Window, counts, load
from pipeline.quality.report import Report, TableReport
from pipeline.reading.data_files import data_files
from pipeline.reading.metadata import Metadata
from pipeline.reading.quarantine import with_quarantine
from pipeline.reading.store import Store
from stack.settings.quality import CLOCKS_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import duckdb
    from confluent_kafka import Message

    from pipeline.audit.topics import Place
    from pipeline.description.stack import Description
    from pipeline.quality.scoring import Counts
    from stack.settings.quality import QualitySettings
    from stack.settings.tables import Table

_PATIENCE_S: Final = 60.0
_CLOCKS_MS: Final = CLOCKS_S * 1000
_EXCEPTION: Final = "__connect.errors.exception.class.name"
_PARQUET: Final = ".parquet"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of a check's memory; what does not fit is on disk.

    Attributes:
        duckdb_mib: Memory of DuckDB.
        threads: Threads of DuckDB; None for one for each core.
        fetched_mib: Kafka's records in memory, as ``audit.topics.Topics`` has them.
    """

    duckdb_mib: int = 256
    threads: int | None = None
    fetched_mib: int | None = None


_ON_A_HOST: Final = Bounds()


def window_of(settings: QualitySettings, minutes: int | None, now: float) -> Window:
    """Return the window of a check: it ends where every change has had its time to be archived.

    Args:
        settings: The stack's settings of data quality.
        minutes: Its length; that of the settings by default.
        now: Seconds since 1970.
    """
    end = int((now - settings.late_after_s) * 1000)
    return Window(begin=end - (minutes or settings.window_minutes) * 60_000, end=end, late_ms=settings.late_after_s * 1000)


def unmeasured(stack: Description, settings: QualitySettings, tables: Sequence[Table], reason: str) -> Report:
    """Return the report of a check that could not begin: no table has a score.

    Args:
        stack: The stack.
        settings: Its settings of data quality.
        tables: The tables.
        reason: Why it could not.
    """
    window = window_of(settings, None, time.time())
    found = (
        TableReport(name=one.qualified, counts=None, owner=settings.owners.get(one.qualified, ""), reasons=(reason,)) for one in tables
    )
    return Report(stack.name, window, settings.warning_percent, settings.critical_percent, tuple(found))


def check(
    stack: Description, settings: QualitySettings, tables: Sequence[Table], minutes: int | None = None, bounds: Bounds = _ON_A_HOST
) -> Report:
    """Check the archived rows of some tables.

    Args:
        stack: A stack that is up.
        settings: Its settings of data quality.
        tables: The tables.
        minutes: Length of the window; that of the settings by default.
        bounds: Bounds of memory.

    Returns:
        The report; a part that does not answer is in it, and raises nothing.
    """
    window = window_of(settings, minutes, time.time())
    with private_folder() as folder:
        store = Store(stack.outputs["reader"])
        catalog = Metadata(stack.outputs) if stack.format == "iceberg" else None
        database = store.database()
        limit(database, folder, f"{bounds.duckdb_mib}MiB", bounds.threads)
        kafka, unread = _kafka(stack, tables, window, folder, bounds)
        reports = []
        for table in tables:
            reasons, found = [unread] if unread else [], None
            try:
                with interruptible():
                    found = _counted(stack, table, window, _Places(store, catalog, database, folder), kafka)
            except UnansweredError as error:
                reasons.append(str(error))
            except Exception as error:  # noqa: BLE001 - of catalog, store and DuckDB, each with its own
                reasons.append(f"the archived rows cannot be read: {type(error).__name__}")
            owner = settings.owners.get(table.qualified, "")
            reports.append(TableReport(name=table.qualified, counts=found, owner=owner, reasons=tuple(reasons)))
    return Report(stack.name, window, settings.warning_percent, settings.critical_percent, tuple(reports))


class _Kafka:
    """Places of the window's records and of all dead letters, on disk.

    Attributes:
        ranges: Offsets of the window in each partition.
        letters: Places of dead letters that broke a rule.
    """

    def __init__(self, topics: Topics, folder: Path) -> None:
        self._topics, self._folder = topics, folder
        self.ranges: dict[Place, Range] = {}
        self.letters: set[tuple[str, int, int]] = set()

    def read(self, names: Sequence[str], dead_letters: str, window: Window) -> None:
        """Read both. Raises UnansweredError if Kafka does not answer, or ends before a partition's end."""
        begins, ends = (self._topics.ranges(names, moment) for moment in (window.begin, window.end))
        self.ranges = {place: Range(one.begin, ends[place].begin) for place, one in begins.items()}
        with ExitStack() as open_files:
            spills = {name: open_files.enter_context(Spill(self._records(name), PLACES)) for name in names}

            def take(message: Message) -> None:
                if message.value() is not None:
                    spills[str(message.topic())].add((message.partition(), message.offset()))

            behind = self._topics.read(self.ranges, take, committed=True, patience_s=_PATIENCE_S, tell=lambda _: None)
        with Spill(self._folder / "aside.parquet", ASIDE) as aside:

            def set_apart(message: Message) -> None:
                place = set_aside(message)
                if place is not None:
                    aside.add(place)
                    if dict(message.headers() or []).get(_EXCEPTION) == BROKEN_RULE.encode():
                        self.letters.add(place)

            letters = self._topics.ranges([dead_letters])
            behind |= self._topics.read(letters, set_apart, committed=True, patience_s=_PATIENCE_S, tell=lambda _: None)
        if behind:
            message = f"Kafka did not give {', '.join(f'{topic}-{number}' for topic, number in sorted(behind))} to its end"
            raise UnansweredError(message)

    def views(self, database: duckdb.DuckDBPyConnection, topic: str) -> None:
        """Make the views ``records`` and ``aside``."""
        ranges(database, {number: one for (name, number), one in self.ranges.items() if name == topic})
        for name, file in (("records", self._records(topic)), ("aside", self._folder / "aside.parquet")):
            database.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT DISTINCT * FROM read_parquet('{file}')")  # noqa: S608 - own folder

    def broken(self, topic: str) -> int:
        """Count the dead letters of the window that broke a rule."""
        places = ((name, number, offset) for name, number, offset in self.letters if name == topic)
        return sum(self.ranges[name, number].begin <= offset < self.ranges[name, number].end for name, number, offset in places)

    def _records(self, topic: str) -> Path:
        return self._folder / f"{topic}-records.parquet"


def _kafka(stack: Description, tables: Sequence[Table], window: Window, folder: Path, bounds: Bounds) -> tuple[_Kafka | None, str]:
    names = stack.names
    try:
        found = _Kafka(Topics(stack.kafka(), bounds.fetched_mib), folder)
        found.read([names.topic(table) for table in tables], names.dead_letter_topic, window)
    except UnansweredError as error:
        return None, str(error)
    return found, ""


@dataclass(frozen=True, slots=True)
class _Places:
    """Places of the archived rows: the store, the catalog of an archive that has one, DuckDB, and a private folder."""

    store: Store
    catalog: Metadata | None
    database: duckdb.DuckDBPyConnection
    folder: Path


def _counted(stack: Description, table: Table, window: Window, places: _Places, kafka: _Kafka | None) -> Counts:
    database, names = places.database, stack.names
    since = window.begin - _CLOCKS_MS
    if places.catalog is not None:
        files = committed_since(with_quarantine(places.catalog.table, table.archive_name), since)
    else:
        location = f"s3://{stack.bucket}/{names.object_prefix(table)}"
        there = archived.objects(places.store.filesystem, [location])
        files = {file: int(one.written * 1000) for file, one in there.items() if file.endswith(_PARQUET) and one.written * 1000 >= since}
    topic = names.topic(table)
    measured = Measured(table=table, topic=topic, epoch=names.epoch, files=files)
    load(database, measured, places.folder)
    if kafka is not None:
        kafka.views(database, topic)
    return counts(database, measured, window, kafka=kafka is not None, letters=0 if kafka is None else kafka.broken(topic))


def committed_since(tables: Sequence[Any], since: int) -> Mapping[str, int]:
    """Return the data files of tables that were committed since a time, each with the time of its commit.

    Args:
        tables: Tables of pyiceberg.
        since: Milliseconds since 1970.

    Raises:
        UnansweredError: If snapshots of that time have been removed, so that the times of some commits are not known.
    """
    found: dict[str, int] = {}
    for table in tables:
        times, files = {one.sequence_number: one.timestamp_ms for one in table.metadata.snapshots}, data_files(table)
        begins = min(times.values(), default=0)
        if begins > since and any(file.sequence not in times for file in files):
            message = (
                f"the snapshots of {table.name()[-1]} begin {(begins - since) // 1000:,} s after the window, and the times of earlier "
                "commits are gone: raise archive.snapshotMinutes, or take a shorter window"
            )
            raise UnansweredError(message)
        found.update({file.path: times[file.sequence] for file in files if times.get(file.sequence, 0) >= since})
    return found
