"""Plain Parquet in a topic's folders is audited as a table is: in the types of its sink, file by file, without a catalog."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit.folder_side import FolderSide, subject
from stack.settings.names import Names
from stack.settings.shop import TABLES
from tests.audit.conftest import SUBJECT, Hops, row

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.audit.accounting import Accounts

# As Debezium, the converter and the sink's Parquet writer have them: an instant is text, and the epoch is what the transform inserts.
SCHEMA = pa.schema(
    [
        ("id", pa.int32()),
        ("name", pa.string()),
        ("price", pa.decimal128(10, 2)),
        ("created_at", pa.string()),
        ("__op", pa.string()),
        ("__source_lsn", pa.int64()),
        ("__source_sequence", pa.string()),
        ("__epoch", pa.string()),
        ("__topic", pa.string()),
        ("__kafka_partition", pa.int32()),
        ("__kafka_offset", pa.int64()),
    ]
)
HOUR = "year=2026/month=01/day=01/hour=08"


class Folder:
    """The folders of the table's topic on this disk, filled as the sink does."""

    def __init__(self, root: Path, hops: Hops) -> None:
        """Write what is in Kafka, in two files."""
        self.root, self.hops = root / "topics" / SUBJECT.topic, hops
        self.write(hops.kafka[:6])
        self.write(hops.kafka[6:])
        store = SimpleNamespace(filesystem=hops.archive.filesystem)
        self.side = FolderSide(store, hops.database, SUBJECT, f"file://{self.root}", hops.folder)  # type: ignore[arg-type]
        hops.side = self.side  # type: ignore[assignment]

    def write(self, rows: list[dict[str, Any]], **other: Any) -> Path:
        """Write a file, and return its path."""
        first = rows[0]["__kafka_offset"]
        file = self.root / HOUR / f"{SUBJECT.topic}+0+{first:010d}{other.pop('ending', '')}.snappy.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        written = [{**one, "created_at": one["created_at"].isoformat().replace("+00:00", "Z"), "__epoch": "1", **other} for one in rows]
        pq.write_table(pa.Table.from_pylist(written, schema=SCHEMA), file)
        return file

    def found(self) -> list[tuple[str, int | None]]:
        """Return the kind and the offset of each finding."""
        accounts: Accounts = self.hops.accounts()
        answers = [
            accounts.missing_in_archive(),
            accounts.altered_in_archive(),
            accounts.without_origin_in_archive(),
            accounts.twice_in_archive(),
            accounts.repeated_in_archive(),
            accounts.disordered_in_archive(),
        ]
        return [(one.kind.value, finding.offset) for one in answers for finding in one.findings]


@pytest.fixture
def folder(tmp_path: Path, hops: Hops) -> Folder:
    """Return ten rows in two files."""
    return Folder(tmp_path / "bucket", hops)


def test_folders_with_every_row_are_clean_and_their_files_are_counted(folder: Folder) -> None:
    assert folder.found() == []
    assert folder.side.files(0, 10) == ({"objects": 2, "data files": 2}, [])


def test_a_file_that_is_gone_leaves_its_rows_missing(folder: Folder) -> None:
    (folder.root / HOUR / f"{SUBJECT.topic}+0+{8:010d}.snappy.parquet").unlink()
    assert folder.found() == [("missing", one["__kafka_offset"]) for one in folder.hops.kafka[6:]]


def test_a_row_that_the_sink_has_written_again_is_twice(folder: Folder) -> None:
    """What this sink may do after a fault, since it is at least once."""
    folder.write(folder.hops.kafka[7:8], ending="-again")
    assert [kind for kind, _ in folder.found()] == ["twice"]


@pytest.mark.parametrize(
    ("column", "value"), [("price", Decimal("1.51")), ("created_at", "2026-01-01T08:00:00.000001Z"), ("name", None)], ids=str
)
def test_a_value_that_differs_from_kafkas_is_altered_and_its_column_is_named(folder: Folder, column: str, value: object) -> None:
    (folder.root / HOUR / f"{SUBJECT.topic}+0+{8:010d}.snappy.parquet").unlink()
    folder.write(folder.hops.kafka[6:9])
    file = folder.write(folder.hops.kafka[9:], **{column: value})
    assert folder.found() == [("altered", 11)]
    assert folder.side.rows.altered_columns(f"file://{file}", 0, 11) == (column,)


def test_a_row_that_kafka_has_aborted_is_without_origin(folder: Folder) -> None:
    folder.write([row(6)])
    assert folder.found() == [("without origin", 6)]


def test_an_empty_folder_has_no_row_and_one_that_does_not_exist_neither(folder: Folder) -> None:
    for file in folder.root.rglob("*.parquet"):
        file.unlink()
    assert {kind for kind, _ in folder.found()} == {"missing"}
    folder.side = FolderSide(folder.side._store, folder.hops.database, SUBJECT, f"file://{folder.root}/nowhere", folder.hops.folder)
    assert folder.side.files(0, 10)[0] == {"objects": 0, "data files": 0}


def test_the_subject_is_the_stack_files_table_in_the_stacks_epoch() -> None:
    table = TABLES[0]
    made = subject(Names().of_epoch(3), table)
    assert (made.epoch, made.key, made.topic) == (3, table.primary_key, Names().topic(table))
    assert {column.name for column in made.row_columns} == {column.name for column in table.columns}
    assert {"timestamptz", "decimal(10,2)"} & {column.type for column in made.columns}
    assert {"year", "hour", "__topic", "__epoch"} & {column.name for column in made.columns} == set()


def test_instants_with_and_without_fraction_are_the_same_to_both(folder: Folder) -> None:
    exact = dt.datetime(2026, 1, 1, 8, 0, 0, 123456, dt.UTC)
    late = row(12, created_at=exact)
    folder.hops.kafka.append(late)
    folder.write([late])
    assert folder.found() == []
