"""Files of the store as DuckDB's threads read them: several at a time, each by a seek and a read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from reading.store import ArrowS3

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def letters(tmp_path: Path) -> str:
    """Return a file of known bytes."""
    (tmp_path / "letters").write_bytes(bytes(range(200)))
    return str(tmp_path / "letters")


def test_a_thread_reads_where_it_has_sought_whatever_another_one_does(letters: str) -> None:
    file, sought, moved, seen = ArrowS3(LocalFileSystem()).open(letters), threading.Event(), threading.Event(), list[bytes]()

    def first() -> None:
        file.seek(10)
        sought.set()
        moved.wait(10)
        seen.append(file.read(2))

    thread = threading.Thread(target=first)
    thread.start()
    assert sought.wait(10)
    file.seek(100)
    moved.set()
    thread.join()
    assert seen == [bytes([10, 11])]
    assert file.read(2) == bytes([100, 101])


def test_positions_are_those_of_any_file(letters: str) -> None:
    file = ArrowS3(LocalFileSystem()).open(letters)
    assert (file.read(3), file.tell()) == (bytes([0, 1, 2]), 3)
    assert (file.seek(2, 1), file.seek(-5, 2), len(file.read()), file.read(9)) == (5, 195, 5, b"")


def test_a_file_of_many_row_groups_is_read_by_all_threads_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(
        pa.table({"number": range(400_000), "text": [f"text {number}" for number in range(400_000)]}), path, row_group_size=5_000
    )
    database = duckdb.connect(config={"threads": 8})
    database.register_filesystem(ArrowS3(LocalFileSystem()))
    for _ in range(5):
        found = database.execute(f"SELECT sum(number), count(DISTINCT text) FROM read_parquet('s3://{path}')").fetchone()
        assert found == (sum(range(400_000)), 400_000)
