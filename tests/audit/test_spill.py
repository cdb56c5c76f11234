"""Rows on disk are many files of few row groups, all of them read by one pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

from pipeline.audit import spill
from pipeline.audit.spill import Spill, limit, within_limits, written
from pipeline.description.stack import UnansweredError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = pa.schema([("number", pa.int64())])


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_ROWS", 10)
    monkeypatch.setattr(spill, "_GROUPS", 3)


def made(path: Path, rows: int) -> list[int]:
    """Write rows, and return those that are read."""
    with Spill(path, SCHEMA) as one:
        for number in range(rows):
            one.add((number,))
    return [number for (number,) in duckdb.sql(f"SELECT number FROM read_parquet('{written(path)}') ORDER BY number").fetchall()]


@pytest.mark.parametrize(("rows", "files"), [(0, 1), (1, 1), (30, 1), (31, 2), (90, 3), (95, 4)])
def test_a_long_spill_is_several_files_with_every_row_once(rows: int, files: int, tmp_path: Path) -> None:
    assert made(tmp_path / "rows.parquet", rows) == list(range(rows))
    assert len(list(tmp_path.iterdir())) == files


def test_a_spill_that_is_written_anew_keeps_nothing_of_the_longer_one_before(tmp_path: Path) -> None:
    made(tmp_path / "rows.parquet", 95)
    assert made(tmp_path / "rows.parquet", 5) == list(range(5))


def test_a_spill_takes_no_other_file_of_a_name_like_its_own(tmp_path: Path) -> None:
    made(tmp_path / "rows-2.parquet", 5)
    assert made(tmp_path / "rows.parquet", 40) == list(range(40))


def test_a_full_disk_is_an_answer_that_cannot_be_given_with_its_cure(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.symlink_to("/dev/full")
    with pytest.raises(UnansweredError, match=r"takes no more rows \(.*No space left on device.*audit\.diskMib"):
        Spill(path, SCHEMA)


def test_a_question_beyond_memory_and_disk_is_undecided_with_both_limits(tmp_path: Path) -> None:
    database = duckdb.connect()
    limit(database, tmp_path, "30MB", 1)
    database.execute("SET max_temp_directory_size = '1MB'")
    with pytest.raises(UnansweredError, match=rf"28.6 MiB and the disk of {tmp_path}.*--folder.*--memory"), within_limits(database):
        database.execute("CREATE TEMP TABLE every AS SELECT hash(n) AS a FROM range(10_000_000) AS made(n) GROUP BY ALL")
