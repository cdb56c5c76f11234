"""Files of the store as DuckDB's threads read them: several at a time, each by a seek and a read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from pipeline.reading.store import ArrowS3, KeptFiles

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


class CountedFileSystem(LocalFileSystem):
    """Store that counts how often each file is opened."""

    def __init__(self) -> None:
        """Nothing has been opened yet."""
        super().__init__()
        self.opened: list[str] = []

    def open_input_file(self, path: str) -> pa.NativeFile:  # type: ignore[override]
        self.opened.append(path)
        return super().open_input_file(path)


def _sum(database: duckdb.DuckDBPyConnection, *paths: Path) -> int:
    listed = ", ".join(f"'s3://{path}'" for path in paths)
    (found,) = database.execute(f"SELECT sum(number) FROM read_parquet([{listed}])").fetchone() or (None,)
    return int(found)


def _reading(kept: KeptFiles | None) -> tuple[CountedFileSystem, duckdb.DuckDBPyConnection]:
    store, database = CountedFileSystem(), duckdb.connect()
    database.register_filesystem(ArrowS3(store, kept))
    return store, database


def test_a_small_file_is_read_once_and_a_new_one_when_it_is_there(tmp_path: Path) -> None:
    store, database = _reading(KeptFiles())
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    for number, path in enumerate((first, second), 1):
        pq.write_table(pa.table({"number": [number]}), path)
    assert (_sum(database, first), _sum(database, first), _sum(database, first, second)) == (1, 1, 3)
    assert sorted(store.opened) == [str(first), str(second)]


def test_a_store_whose_files_may_change_is_read_anew(tmp_path: Path) -> None:
    store, database = _reading(None)
    path = tmp_path / "rows.parquet"
    for number in (1, 2):
        pq.write_table(pa.table({"number": [number]}), path)
        assert _sum(database, path) == number
    assert len(store.opened) >= 2


def test_large_files_are_read_where_the_query_needs_them_and_the_oldest_kept_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.reading.store._KEPT_FILE_BYTES", 100)
    monkeypatch.setattr("pipeline.reading.store._KEPT_BYTES", 150)
    kept = KeptFiles()
    files = ArrowS3(LocalFileSystem(), kept)
    for name, size in (("a", 90), ("b", 60), ("large", 101), ("c", 90)):
        (tmp_path / name).write_bytes(bytes(size))
        with files.open(str(tmp_path / name)) as file:
            assert len(file.read()) == size
    assert [name for name in ("a", "b", "large", "c") if kept.get(str(tmp_path / name))] == ["b", "c"]
