"""How far a table is archived follows from the bounds in its manifests, and from two columns of a few files where bounds are not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

from pipeline.reading.data_files import DataFile, data_files, newest_offsets, of_epoch, offsets_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = pa.schema(
    [
        ("id", pa.int64()),
        ("__source_lsn", pa.int64()),
        ("__source_ts_ms", pa.int64()),
        ("__epoch", pa.int32()),
        ("__kafka_partition", pa.int32()),
        ("__kafka_offset", pa.int64()),
    ]
)


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """Return an archived table in SQLite and a folder."""
    catalog = load_catalog("archive", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace("archive")
    return catalog.create_table("archive.users", schema=SCHEMA)


def rows(*places: tuple[int, int], epoch: int | None = 1) -> pa.Table:
    """Return rows of partitions and offsets."""
    listed = [(1, 5, 6, epoch, partition, offset) for partition, offset in places]
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in listed], schema=SCHEMA)


def file(sequence: int, partitions: tuple[int, int] | None, offset: int | None = None) -> DataFile:
    return DataFile(
        path=f"f{sequence}", rows=1, sequence=sequence, epoch=1, position=None, changed=None, partitions=partitions, offset=offset
    )


def unread(path: str) -> Mapping[int, int]:
    pytest.fail(f"{path} was read")


def test_a_table_without_a_commit_has_no_file(table: Any) -> None:
    assert data_files(table) == []


def test_rows_and_bounds_are_those_of_the_manifests(table: Any) -> None:
    table.append(rows((0, 3), (0, 4)))
    table.append(rows((1, 7), (3, 2), epoch=2))
    first, second = sorted(data_files(table), key=lambda one: one.sequence)
    assert (first.rows, first.partitions, first.offset, first.epoch) == (2, (0, 0), 4, 1)
    assert (second.rows, second.partitions, second.offset, second.epoch) == (2, (1, 3), 7, 2)
    assert (second.position, second.changed) == (5, 6)
    assert of_epoch([first, second], 2) == [second]
    assert offsets_in(table, second.path) == {1: 7, 3: 2}


def test_a_manifest_is_read_once_and_forgotten_with_its_snapshot(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    known: dict[str, tuple[DataFile, ...]] = {"of an old snapshot": ()}
    table.append(rows((0, 3)))
    data_files(table, known)
    assert len(known) == 1
    monkeypatch.setattr("pipeline.reading.data_files._data_file", lambda *_: pytest.fail("a known manifest was read again"))
    assert [one.offset for one in data_files(table, known)] == [3]


def test_a_file_of_one_partition_is_not_read() -> None:
    assert newest_offsets([file(1, (0, 0), 5), file(2, (0, 0), 9), file(3, (1, 1), 2)], range(3), unread) == {0: 9, 1: 2}


def test_a_file_of_several_partitions_is_read_once_for_each_question() -> None:
    inside = {"f2": {0: 4, 2: 8}, "f3": {0: 6, 1: 1, 2: 9}}
    files = [file(1, (1, 1), 0), file(2, (0, 2), 8), file(3, (0, 2), 9)]
    assert newest_offsets(files, range(4), inside.__getitem__) == {0: 6, 1: 1, 2: 9}


def test_older_rows_that_a_slower_task_commits_later_do_not_hide_newer_ones() -> None:
    assert newest_offsets([file(1, (0, 0), 90), file(2, (0, 0), 70)], [0], unread) == {0: 90}


def test_a_file_without_bounds_is_read() -> None:
    """As of a table with more columns than the sink keeps bounds of."""
    assert newest_offsets([file(1, None)], range(2), {"f1": {1: 5}}.__getitem__) == {1: 5}
