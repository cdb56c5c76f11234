"""The benchmark of the audit compares rows that differ in what was planted, and in nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.audit.options import Options
from sandbox.bench import audit, audit_rows

if TYPE_CHECKING:
    from pathlib import Path


def test_the_made_rows_differ_in_what_was_planted_and_in_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With several commits and several files of Kafka's rows."""
    monkeypatch.setattr(audit_rows, "_COMMIT", 300)
    monkeypatch.setattr(audit_rows, "_FILE", 600)
    audit_rows.make(tmp_path, 1200, lambda _: None)
    assert len(list(tmp_path.glob("rows-kafka-*.parquet"))) == 2
    assert audit.compare(tmp_path, 1200)["found"] == audit_rows.PLANTED


@pytest.mark.full
def test_more_commits_than_a_table_remembers_leave_no_orphaned_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyIceberg and Iceberg remember the metadata of a hundred earlier commits."""
    monkeypatch.setattr(audit_rows, "_COMMIT", 12)
    audit_rows.make(tmp_path, 12 * 110, lambda _: None)
    # files that no snapshot names are orphans once they are old
    monkeypatch.setattr(audit, "Options", lambda **given: Options(**{**given, "settle_s": 0.0}))
    assert audit.compare(tmp_path, 12 * 110)["found"] == audit_rows.PLANTED


@pytest.mark.parametrize(("asked", "made"), [(1, 12), (12, 12), (13, 24), (100_000_000, 100_000_008)])
def test_halves_of_the_rows_fill_all_partitions_alike(asked: int, made: int) -> None:
    assert audit_rows.rounded(asked) == made


def test_each_number_of_rows_has_a_line() -> None:
    sizes = {"peak_mib": 1.4, "spilled_mib": 2.6, "copied_mib": 5, "kafka_mib": 3, "archive_mib": 4}
    every = [{"rows": 120, "seconds": 30.0, **sizes}, {"rows": 1200, "seconds": 90.0, **sizes}]
    assert audit.table(every).rows == (("120", "0.5", "1", "3", "5", "3", "4"), ("1,200", "1.5", "1", "3", "5", "3", "4"))
