"""The audit itself: listen to the log, read Kafka to its end, wait for the archive, and account for every change."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Final

from audit import archive_side, logins
from audit.accounting import Accounts
from audit.archive_side import ArchiveSide
from audit.canonical import UnsupportedTypeError
from audit.kafka_side import KafkaSide, ranges
from audit.log_side import LogSide
from audit.options import Options
from audit.questions import Found, with_columns
from audit.registry import Registry
from audit.report import Finding, Kind, Report, TableReport
from audit.spill import limit, private_folder
from audit.subject import UnansweredError
from audit.topics import Topics
from providers.operations import ProviderError
from reading.archive import Archive
from sandbox.progress import Progress
from waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from audit.subject import Subject
    from reading.stack import RunningStack
    from sandbox.progress import Step
    from settings.tables import Table

_DEFAULTS: Final = Options()
_LOOK_S: Final = 3.0
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
        self._sides: dict[str, ArchiveSide] = {}
        self._subjects: list[Subject] = []
        self._kafka: KafkaSide | None = None
        self._log: LogSide | None = None

    def report(self) -> Report:
        """Run all parts and return the report."""
        began, clock = dt.datetime.now(dt.UTC), time.monotonic()
        if self._stack.settings.archive.format == "iceberg":
            archive = Archive(self._stack.outputs)
            database = archive.database()
            limit(database, self._folder, self._options.memory)
            self._prepare(archive, database)
            if not self._options.offline:
                self._read_kafka(database)
            reports = [self._account(database, subject) for subject in self._subjects]
        else:
            self._undecided.append("the archive's format is parquet, whose folders name no files: an audit needs archive.format: iceberg")
            reports = []
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

    def _prepare(self, archive: Archive, database: duckdb.DuckDBPyConnection) -> None:
        for table in self._tables:
            name = self._options.archived_as.get(table.qualified, table.archive_name)
            try:
                subject = archive_side.subject(archive, self._stack.settings.names, table, name)
            except (UnansweredError, UnsupportedTypeError) as error:
                self._of_tables[table.qualified].append(str(error))
                continue
            self._subjects.append(subject)
            self._sides[table.qualified] = ArchiveSide(archive, database, subject, self._folder)

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
        except UnansweredError:
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
            if not missing or not patience.go_on(f"{missing:,} committed change(s) to reach Kafka", _LOOK_S):
                return
            self._read_on(kafka, step)

    def _account(self, database: duckdb.DuckDBPyConnection, subject: Subject) -> TableReport:
        side, accounts, reasons = self._sides[subject.name], Accounts(database, subject, self._options.limit), self._of_tables[subject.name]
        found: list[Found] = []
        counts: dict[str, dict[str, int]] = {}
        try:
            with self._progress.step(f"Accounting for {subject.name}") as step:
                side.read()
                if self._kafka is not None:
                    self._kafka.views(database, subject)
                    if self._log is not None:
                        found += self._between_log_and_kafka(database, subject, accounts)
                        counts["database"] = self._log.numbers(subject.name)
                    counts["kafka"] = accounts.kafka_counts()
                    found += [accounts.repeated_in_kafka(), *self._between_kafka_and_archive(side, accounts, step)]
                    open_ones = sorted(number for topic, number in self._kafka.unfinished if topic == subject.topic)
                    if open_ones:
                        reasons.append(f"a transaction was open in partition(s) {', '.join(map(str, open_ones))} for as long as was waited")
                found += [accounts.twice_in_archive(), accounts.repeated_in_archive(), accounts.disordered_in_archive()]
                counts["archive"] = accounts.archive_counts()
                if self._kafka is None:
                    found.append(accounts.gaps_in_archive())
                    counts["archive"]["gaps of one offset"] = accounts.single_gaps()
                else:
                    counts["archive"]["older than what was read"] = accounts.older_than_kafka()
                counts["files"], of_files = side.files(self._options.settle_s, self._options.limit)
                found += of_files
        except UnansweredError as error:
            reasons.append(str(error))
        return _table_report(subject, counts, found, reasons)

    def _between_log_and_kafka(self, database: duckdb.DuckDBPyConnection, subject: Subject, accounts: Accounts) -> list[Found]:
        if self._log is None:
            return []
        self._log.views(database, subject)
        known = {number: one for (topic, number), one in self._log.known.items() if topic == subject.topic}
        ranges(database, known, "known")
        return [
            accounts.missing_in_kafka(self._log.until),
            accounts.without_origin_in_kafka(self._log.began),
            accounts.altered_in_kafka(),
        ]

    def _between_kafka_and_archive(self, side: ArchiveSide, accounts: Accounts, step: Step) -> list[Found]:
        """Wait until what is on its way has arrived, then compare."""
        patience = Patience(self._options.patience_s, display=step)
        while True:
            missing = accounts.missing_in_archive()
            if not missing.number or not patience.go_on(f"{missing.number:,} record(s) to reach the archive", _LOOK_S):
                break
            side.read()
            if self._kafka is not None:
                self._kafka.read_dead_letters(lambda _: None)
        altered = accounts.altered_in_archive()
        named = tuple(with_columns(finding, _altered(side, finding)) for finding in altered.findings)
        return [missing, Found(altered.kind, altered.number, named), accounts.without_origin_in_archive()]


def _altered(side: ArchiveSide, finding: Finding) -> tuple[str, ...]:
    if finding.file is None or finding.partition is None or finding.offset is None:
        return ()
    return side.rows.altered_columns(finding.file, finding.partition, finding.offset)


def _table_report(subject: Subject, counts: dict[str, dict[str, int]], found: Sequence[Found], reasons: Sequence[str]) -> TableReport:
    numbers: dict[Kind, int] = {}
    for one in found:
        if one.number:
            numbers[one.kind] = numbers.get(one.kind, 0) + one.number
    return TableReport(
        name=subject.name,
        archive=subject.archive,
        counts=counts,
        found={kind.value: number for kind, number in numbers.items()},
        findings=tuple(finding for one in found for finding in one.findings),
        undecided=tuple(reasons),
    )
