"""A quarantined row is accounted for like any other: once in the archive, with its values, and in no other table beside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.audit.report import Kind
from tests.audit.conftest import Hops, LocalArchive, row

if TYPE_CHECKING:
    from pipeline.audit.accounting import Accounts
    from pipeline.audit.questions import Found


@pytest.fixture
def judged(tmp_path: Path) -> Hops:
    """Return six changes of which the last two are in quarantine."""
    rows = [row(offset) for offset in range(6)]
    made = Hops(tmp_path, LocalArchive(tmp_path), kafka=rows, logged=[(one["__source_lsn"] + 5, one) for one in rows])
    made.archive.open_quarantine()
    made.archive.append(rows[:4])
    made.archive.set_aside(rows[4:])
    return made


def every(accounts: Accounts) -> list[Found]:
    """Return the answers of every question about the archive."""
    return [
        accounts.missing_in_archive(),
        accounts.without_origin_in_archive(),
        accounts.altered_in_archive(),
        accounts.twice_in_archive(),
        accounts.repeated_in_archive(),
        accounts.disordered_in_archive(),
    ]


def test_rows_in_quarantine_are_neither_missing_nor_foreign_and_are_counted(judged: Hops) -> None:
    accounts = judged.accounts()
    assert [found.number for found in every(accounts)] == [0] * 6
    assert accounts.archive_counts() == {"rows": 6, "inserted": 6, "quarantined": 2}


def test_a_row_in_neither_table_is_missing(judged: Hops) -> None:
    judged.kafka.append(row(6))
    assert [finding.offset for finding in judged.accounts().missing_in_archive().findings] == [6]


def test_a_row_in_both_tables_is_there_twice(judged: Hops) -> None:
    judged.archive.append([row(5)])
    twice = judged.accounts().twice_in_archive()
    assert (twice.kind, twice.number) == (Kind.TWICE, 1)
    assert "products_quarantine" in str(twice.findings[0].file)


def test_a_row_with_other_values_in_quarantine_is_altered(judged: Hops) -> None:
    judged.archive.set_aside([row(6, name="another")])
    judged.kafka.append(row(6))
    assert [finding.offset for finding in judged.accounts().altered_in_archive().findings] == [6]


def test_a_row_in_quarantine_that_kafka_does_not_have_is_foreign(judged: Hops) -> None:
    judged.end = 7
    judged.archive.set_aside([row(6)])
    assert [finding.offset for finding in judged.accounts().without_origin_in_archive().findings] == [6]


def test_a_lost_file_of_the_quarantine_is_a_finding(judged: Hops) -> None:
    (file,) = (task.file.file_path for task in judged.archive.table("products_quarantine").scan().plan_files())
    judged.accounts()
    Path(file.removeprefix("file://")).unlink()
    judged.side.read()
    _counts, found = judged.side.files(0, 10)
    lost = next(one for one in found if one.kind is Kind.LOST_FILE)
    assert [finding.file for finding in lost.findings] == [file]


def test_a_captured_table_with_such_a_name_is_no_quarantine(tmp_path: Path) -> None:
    made = Hops(tmp_path, LocalArchive(tmp_path), kafka=[row(0)])
    made.archive.append([row(0)])
    made.archive._catalog.create_table("archive.products_quarantine", made.archive.table("products").schema())
    made.archive.append([row(0)], "products_quarantine")
    assert made.accounts().twice_in_archive().number == 0
