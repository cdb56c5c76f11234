"""Account of one table: what its sides are asked, in which order, and the report that is made of the answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.audit.accounting import Accounts
from pipeline.audit.kafka_side import ranges
from pipeline.audit.questions import Found, with_columns
from pipeline.audit.report import Finding, Kind, TableReport
from pipeline.audit.spill import within_limits
from pipeline.description.stack import UnansweredError
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from pipeline.audit.archive_side import ArchiveSide
    from pipeline.audit.folder_side import FolderSide
    from pipeline.audit.kafka_side import KafkaSide
    from pipeline.audit.log_side import LogSide
    from pipeline.audit.options import Options
    from pipeline.audit.subject import Subject
    from providers.waiting import Display

    Side = ArchiveSide | FolderSide

LOOK_S: Final = 3.0
"""Seconds between two looks at what is on its way."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Sides of the tables.

    Attributes:
        database: The connection for their views.
        archive: The archive's, of this table.
        kafka: Kafka's, or None.
        log: The database's, or None.
    """

    database: duckdb.DuckDBPyConnection
    archive: Side
    kafka: KafkaSide | None
    log: LogSide | None


def account(subject: Subject, sides: Sides, options: Options, display: Display, reasons: Sequence[str] = ()) -> TableReport:
    """Account for one table.

    Args:
        subject: The table.
        sides: Its sides.
        options: How.
        display: Shows what is waited for.
        reasons: Reasons that are known already why it cannot be judged.
    """
    accounts, undecided, found = Accounts(sides.database, subject, options.limit), list(reasons), list[Found]()
    counts: dict[str, dict[str, int]] = {}
    try:
        with within_limits(sides.database):
            sides.archive.read()
            if sides.kafka is not None:
                sides.kafka.views(sides.database, subject)
                if sides.log is not None:
                    found += _between_log_and_kafka(subject, sides, sides.log, accounts)
                    counts["database"] = sides.log.numbers(subject.name)
                found += [accounts.repeated_in_kafka(), *_between_kafka_and_archive(sides.kafka, sides.archive, accounts, options, display)]
                counts["kafka"] = accounts.kafka_counts()
                undecided += _unfinished(sides.kafka, subject)
            found += [
                accounts.twice_in_archive(),
                accounts.in_two_epochs(),
                accounts.repeated_in_archive(),
                accounts.disordered_in_archive(beside_kafka=sides.kafka is not None),
            ]
            counts["archive"] = accounts.archive_counts()
            if sides.kafka is None:
                gaps, counts["archive"]["gaps of one offset"] = accounts.gaps_in_archive()
                found.append(gaps)
            else:
                counts["archive"]["older than what was read"] = accounts.older_than_kafka()
            counts["files"], of_files = sides.archive.files(options.settle_s, options.limit)
            found += of_files
    except UnansweredError as error:
        undecided.append(str(error))
    return _report(subject, counts, found, undecided)


def _unfinished(kafka: KafkaSide, subject: Subject) -> list[str]:
    numbers = sorted(number for topic, number in kafka.unfinished if topic == subject.topic)
    listed = ", ".join(map(str, numbers))
    return [f"the end of partition(s) {listed} was not reached: a transaction is open there, or nobody leads it"] if numbers else []


def _between_log_and_kafka(subject: Subject, sides: Sides, log: LogSide, accounts: Accounts) -> list[Found]:
    log.views(sides.database, subject)
    known = {number: one for (topic, number), one in log.known.items() if topic == subject.topic}
    ranges(sides.database, known, "known")
    return [accounts.missing_in_kafka(log.until), accounts.without_origin_in_kafka(log.began), accounts.altered_in_kafka()]


def _between_kafka_and_archive(kafka: KafkaSide, archive: Side, accounts: Accounts, options: Options, display: Display) -> list[Found]:
    """Wait until what is on its way has arrived, then compare."""
    patience = Patience(options.patience_s, display=display)
    while True:
        missing = accounts.missing_in_archive()
        if not missing.number or not patience.go_on(f"{missing.number:,} record(s) to reach the archive", LOOK_S):
            break
        archive.read()
        kafka.read_dead_letters(lambda _: None)
    altered = accounts.altered_in_archive()
    named = tuple(with_columns(finding, _altered(archive, finding)) for finding in altered.findings)
    return [missing, Found(altered.kind, altered.number, named), accounts.without_origin_in_archive()]


def _altered(archive: Side, finding: Finding) -> tuple[str, ...]:
    if finding.file is None or finding.partition is None or finding.offset is None:
        return ()
    return archive.rows.altered_columns(finding.file, finding.partition, finding.offset)


def _report(subject: Subject, counts: dict[str, dict[str, int]], found: Sequence[Found], reasons: Sequence[str]) -> TableReport:
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
