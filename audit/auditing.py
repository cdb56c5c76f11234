"""The audit itself: listen to the log, read Kafka to its end, wait for the archive, and account for every change."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Final

from audit import archive_side, folder_side, logins
from audit.accounting import Accounts
from audit.archive_side import ArchiveSide
from audit.canonical import UnsupportedTypeError
from audit.folder_side import FolderSide
from audit.kafka_side import KafkaSide
from audit.log_side import LogSide
from audit.options import Options
from audit.registry import Registry
from audit.report import Report, TableReport
from audit.spill import limit, private_folder
from audit.subject import UnansweredError
from audit.table_account import LOOK_S, Sides, account
from audit.topics import Topics
from providers.operations import ProviderError
from reading.archive import Archive
from reading.store import Store
from sandbox.progress import Progress
from waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from audit.subject import Subject
    from audit.table_account import Side
    from reading.stack import RunningStack
    from sandbox.progress import Step
    from settings.tables import Table

_DEFAULTS: Final = Options()
_TELL_S: Final = 5.0


class UnknownTableError(ValueError):
    """A table that the stack does not capture."""


def run(stack: RunningStack, tables: Sequence[str] = (), options: Options = _DEFAULTS, progress: Progress | None = None) -> Report:
    """Account for every change of some tables.

    Args:
        stack: A stack that is up.
        tables: Names with or without schema; all captured tables where there are none.
        options: How.
        progress: Shows how far it is.

    Returns:
        The report; a part that does not answer is in it, and raises nothing.

    Raises:
        UnknownTableError: If the stack does not capture a table.
    """
    chosen = _chosen(stack, tables)
    with private_folder(options.folder) as folder:
        return _Audit(stack, chosen, options, progress or Progress(quiet=True), folder).report()


def _chosen(stack: RunningStack, names: Sequence[str]) -> list[Table]:
    unknown = [name for name in names if not any(name in {table.name, table.qualified} for table in stack.tables)]
    if unknown:
        known = ", ".join(table.qualified for table in stack.tables)
        message = f"the stack {stack.name} does not capture {', '.join(unknown)}: name one of {known}"
        raise UnknownTableError(message)
    return [table for table in stack.tables if not names or {table.name, table.qualified} & set(names)]


class _Audit:
    """One run."""

    def __init__(self, stack: RunningStack, tables: Sequence[Table], options: Options, progress: Progress, folder: Path) -> None:
        self._stack, self._tables, self._options, self._progress, self._folder = stack, tables, options, progress, folder
        self._undecided: list[str] = []
        self._of_tables: dict[str, list[str]] = {table.qualified: [] for table in tables}
        self._sides: dict[str, Side] = {}
        self._subjects: list[Subject] = []
        self._kafka: KafkaSide | None = None
        self._log: LogSide | None = None

    def report(self) -> Report:
        """Run all parts and return the report."""
        began, clock = dt.datetime.now(dt.UTC), time.monotonic()
        tables = self._stack.settings.archive.format == "iceberg"
        archive = Archive(self._stack.outputs) if tables else Store(self._stack.outputs["reader"])
        database = archive.database()
        limit(database, self._folder, self._options.memory)
        self._prepare(archive, database)
        if not self._options.offline:
            self._read_kafka(database)
        reports = [self._account(database, subject) for subject in self._subjects]
        known = {report.name for report in reports}
        empty = [self._without_account(table) for table in self._tables if table.qualified not in known]
        parts = {"database": self._log, "kafka": self._kafka, "archive": self._sides}
        return Report(
            stack=self._stack.name,
            began=began.isoformat(timespec="seconds"),
            seconds=round(time.monotonic() - clock, 1),
            parts=tuple(name for name, part in parts.items() if part),
            tables=(*reports, *empty),
            undecided=tuple(self._undecided),
        )

    def _without_account(self, table: Table) -> TableReport:
        reasons = tuple(self._of_tables[table.qualified])
        return TableReport(name=table.qualified, archive=table.archive_name, counts={}, found={}, findings=(), undecided=reasons)

    def _prepare(self, archive: Archive | Store, database: duckdb.DuckDBPyConnection) -> None:
        for table in self._tables:
            try:
                subject, side = self._side(archive, database, table)
            except (UnansweredError, UnsupportedTypeError) as error:
                self._of_tables[table.qualified].append(str(error))
                continue
            self._subjects.append(subject)
            self._sides[table.qualified] = side

    def _side(self, archive: Archive | Store, database: duckdb.DuckDBPyConnection, table: Table) -> tuple[Subject, Side]:
        names = self._stack.settings.names
        if isinstance(archive, Store):
            subject = folder_side.subject(names, table)
            location = f"s3://{self._stack.settings.archive.bucket}/{names.object_prefix(table)}"
            return subject, FolderSide(archive, database, subject, location, self._folder)
        subject = archive_side.subject(archive, names, table, self._options.archived_as.get(table.qualified, table.archive_name))
        return subject, ArchiveSide(archive, database, subject, self._folder)

    def _read_kafka(self, database: duckdb.DuckDBPyConnection) -> None:
        """Listen to the log while it lasts, and read Kafka until it has what the database had then."""
        try:
            if self._options.seconds > 0:
                with self._progress.step(f"Listening to the database's log for {self._options.seconds:.0f} s") as step:
                    self._log = self._listened(step)
        except UnansweredError as error:
            self._undecided.append(str(error))
        try:
            names = self._stack.settings.names
            described = self._stack.outputs["registry"]
            topics, registry = Topics(logins.kafka(self._stack)), Registry(described["url"], logins.registry(self._stack))
            kafka = KafkaSide(topics, registry, self._subjects, names.dead_letter_topic, self._folder, self._options.patience_s)
            with self._progress.step("Reading Kafka") as step:
                self._read_on(kafka, step)
                if self._log is not None:
                    self._await_in_kafka(database, kafka, self._log, step)
            self._kafka = kafka
        except (UnansweredError, UnsupportedTypeError, ProviderError) as error:
            self._undecided.append(str(error))
            self._kafka = None
        finally:
            self._close_log()

    def _listened(self, step: Step) -> LogSide:
        log = LogSide(logins.source(self._stack), self._stack.settings.names.publication, self._subjects, self._folder)
        try:
            log.listen(Patience(self._options.seconds, display=step), self._options.patience_s)
        except BaseException:
            log.abandon()
            raise
        return log

    def _close_log(self) -> None:
        if self._log is None:
            return
        try:
            self._log.close(Patience(self._options.patience_s))
        except UnansweredError as error:
            self._undecided.append(str(error))
            self._log = None

    def _read_on(self, kafka: KafkaSide, step: Step) -> None:
        told = [0.0]

        def tell(text: str) -> None:
            if time.monotonic() - told[0] > _TELL_S:
                told[0] = time.monotonic()
                step.waiting(text)

        kafka.read(self._options.since_ms, tell)
        kafka.read_dead_letters(tell)

    def _await_in_kafka(self, database: duckdb.DuckDBPyConnection, kafka: KafkaSide, log: LogSide, step: Step) -> None:
        """Close the log, which then has all that Kafka had, and read Kafka until it has all that the log had at the end of listening."""
        log.known = dict(kafka.ranges)
        self._close_log()
        patience = Patience(self._options.patience_s, display=step)
        while self._log is not None:
            missing = 0
            for subject in self._subjects:
                kafka.views(database, subject)
                log.views(database, subject)
                missing += Accounts(database, subject, 0).missing_in_kafka(log.until).number
            if not missing or not patience.go_on(f"{missing:,} committed change(s) to reach Kafka", LOOK_S):
                return
            self._read_on(kafka, step)

    def _account(self, database: duckdb.DuckDBPyConnection, subject: Subject) -> TableReport:
        with self._progress.step(f"Accounting for {subject.name}") as step:
            sides = Sides(database, self._sides[subject.name], self._kafka, self._log)
            return account(subject, sides, self._options, step, self._of_tables[subject.name])
