"""The audit itself: listen to the log, read Kafka to its end, wait for the archive, and account for every change."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.audit import archive_side, folder_side
from pipeline.audit.accounting import Accounts
from pipeline.audit.archive_side import ArchiveSide
from pipeline.audit.canonical import UnsupportedTypeError
from pipeline.audit.folder_side import FolderSide
from pipeline.audit.interruption import interruptible
from pipeline.audit.kafka_side import KafkaSide
from pipeline.audit.log_side import LogSide
from pipeline.audit.options import Options
from pipeline.audit.registry import Registry
from pipeline.audit.report import Report, TableReport
from pipeline.audit.spill import limit, private_folder, within_limits
from pipeline.audit.table_account import LOOK_S, Sides, account
from pipeline.audit.topics import Topics
from pipeline.checks.progress import Progress
from pipeline.description.stack import Description, UnansweredError
from pipeline.reading.archive import Archive
from pipeline.reading.chosen_tables import chosen
from pipeline.reading.store import Store
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from pipeline.audit.subject import Subject
    from pipeline.audit.table_account import Side
    from pipeline.checks.progress import Step
    from pipeline.reading.stack import RunningStack
    from stack.settings.tables import Table

_DEFAULTS: Final = Options()
_TELL_S: Final = 5.0


def run(
    stack: RunningStack | Description, tables: Sequence[str] = (), options: Options = _DEFAULTS, progress: Progress | None = None
) -> Report:
    """Account for every change of some tables.

    Args:
        stack: A stack that is up, without logins as commands on this machine know it, or with them.
        tables: Names, with the schema where two captured tables have one name; all captured tables where there are none.
        options: How.
        progress: Shows how far it is.

    Returns:
        The report; a part that does not answer is in it, and raises nothing.

    Raises:
        NoTableError: If the stack does not capture a table, or two of that name.
    """
    audited = stack if isinstance(stack, Description) else _with_logins(stack)
    subjects = chosen(audited.tables, tables)
    with private_folder(options.folder) as folder, interruptible():
        return _Audit(audited, subjects, options, progress or Progress(quiet=True), folder).report()


def _with_logins(stack: RunningStack) -> Description:
    from pipeline.description.running import described  # noqa: PLC0415 - an image whose logins are files lacks what this one needs

    return described(stack)


class _Audit:
    """One run."""

    def __init__(self, stack: Description, tables: Sequence[Table], options: Options, progress: Progress, folder: Path) -> None:
        self._stack, self._tables, self._options, self._progress, self._folder = stack, tables, options, progress, folder
        self._undecided: list[str] = []
        self._of_tables: dict[str, list[str]] = {table.qualified: [] for table in tables}
        self._sides: dict[str, Side] = {}
        self._subjects: list[Subject] = []
        self._kafka: KafkaSide | None = None
        self._log: LogSide | None = None
        self._waiting_since = 0.0

    def report(self) -> Report:
        """Run all parts and return the report."""
        began, clock = dt.datetime.now(dt.UTC), time.monotonic()
        tables = self._stack.format == "iceberg"
        # each file is read once, so that keeping it in memory saves nothing
        archive = Archive(self._stack.outputs, keeps=False) if tables else Store(self._stack.outputs["reader"])
        database = archive.database()
        limit(database, self._folder, self._options.memory, self._options.threads)
        self._prepare(archive, database)
        if not self._options.offline:
            self._read_kafka(database)
        self._waiting_since = time.monotonic()
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
        names = self._stack.names
        if isinstance(archive, Store):
            subject = folder_side.subject(names, table)
            location = f"s3://{self._stack.bucket}/{names.object_prefix(table)}"
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
            topics, registry = Topics(self._stack.kafka()), Registry(self._stack.registry_url, self._stack.registry())
            dead_letters = self._stack.names.dead_letter_topic
            kafka = KafkaSide(topics, registry, self._subjects, dead_letters, self._folder, self._options.patience_s)
            with self._progress.step("Reading Kafka") as step:
                self._read_on(kafka, step)
                if self._log is not None:
                    with within_limits(database):
                        self._await_in_kafka(database, kafka, self._log, step)
            self._kafka = kafka
        except (UnansweredError, UnsupportedTypeError) as error:
            self._undecided.append(str(error))
            self._kafka = None
        finally:
            self._close_log()

    def _listened(self, step: Step) -> LogSide:
        log = LogSide(self._stack.source(), self._stack.names.publication, self._subjects, self._folder)
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
            # what a table waits for was in Kafka before the first table was looked at, so that the patience is one for all
            left = max(self._options.patience_s - (time.monotonic() - self._waiting_since), 0.0)
            return account(subject, sides, replace(self._options, patience_s=left), step, self._of_tables[subject.name])
