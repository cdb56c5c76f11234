"""Counts of archived rows: the same judgement as the sink's transform, and every change counted once, wherever it is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.description.stack import UnansweredError
from pipeline.quality.looking import committed_since
from pipeline.quality.measuring import Measured, Window, counts, load
from pipeline.quality.rules_sql import broken
from stack.settings.quality import BROKEN_RULES, QUARANTINE
from stack.settings.tables import Column, Table
from tests.audit.conftest import LocalArchive, row
from tests.images.test_quality import CASES, GOOD, THINGS

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.quality.scoring import Counts

TOPIC = "postgres.public.products"
PRODUCTS = Table(
    name="products",
    columns=(
        Column(name="id", type="integer"),
        Column(name="name", type="text", nullable=True),
        Column(name="price", type="numeric(10,2)", nullable=True, constraint="CHECK (price >= 0)"),
        Column(name="later", type="text", nullable=True, quality={"maxLength": 3}),
    ),
)
KINDS = {"int": pa.int32(), "double": pa.float64(), "string": pa.string(), "date": pa.date32(), "decimal(10,2)": pa.decimal128(10, 2)}
KINDS |= {"timestamp": pa.timestamp("us"), "timestamptz": pa.timestamp("us", "UTC")}
READ = {"int": int, "double": float, "string": str, "date": dt.date.fromisoformat, "decimal(10,2)": Decimal}


def archived(given: dict[str, str]) -> pa.Table:
    """Return a row of the probe's as the archive has it."""
    columns, types = {}, {}
    for column in THINGS.columns:
        text = given[column.name]
        if text != "absent":
            value = None if text == "null" else READ.get(column.archive_type, dt.datetime.fromisoformat)(text)
            columns[column.name], types[column.name] = [value], KINDS[column.archive_type]
    return pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})


@pytest.mark.parametrize("name", CASES)
def test_a_written_row_is_judged_as_the_sinks_transform_judges_it(name: str) -> None:
    changed, rules = CASES[name]
    written = archived(GOOD | changed)
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.register("written", written)
    gone = [column.name for column in THINGS.columns if column.name not in written.column_names]
    rows = f"SELECT *{''.join(f', NULL AS {one}' for one in gone)} FROM written"
    found = [rule.name for rule in THINGS.rules if database.execute(f"SELECT {broken(THINGS, rule)} FROM ({rows})").fetchone() == (True,)]
    assert sorted(found) == rules.split()


class Files:
    """Data files of a table with their commits, and what is counted of them."""

    def __init__(self, folder: Path) -> None:
        """Begin without files."""
        self._folder, self._files = folder, dict[str, int]()

    def write(self, *rows: dict[str, Any], committed: int = 1500) -> None:
        path = self._folder / f"{len(self._files)}.parquet"
        schema = {"id": pa.int32(), "name": pa.string(), "price": pa.decimal128(10, 2), "__op": pa.string(), "__topic": pa.string()}
        schema |= {"__kafka_partition": pa.int32(), "__kafka_offset": pa.int64(), "__source_ts_ms": pa.int64(), "__epoch": pa.int32()}
        pq.write_table(pa.Table.from_pylist(list(rows), schema=pa.schema({**schema, BROKEN_RULES: pa.string()})), path)
        self._files[str(path)] = committed

    def counted(self, kafka: list[int] | None = None, aside: list[int] | None = None, letters: int = 0) -> Counts:
        database = duckdb.connect()
        measured = Measured(table=PRODUCTS, topic=TOPIC, epoch=1, files=self._files)
        load(database, measured, self._folder)
        for name, offsets in (("records", kafka), ("aside", aside)):
            values = ", ".join(f"('{TOPIC}', 0, {offset})" for offset in offsets or [-1])
            kept = "true" if offsets else "false"
            database.execute(
                f'CREATE TEMP VIEW {name} AS SELECT * FROM (VALUES {values}) AS a("@topic", "@partition", "@offset") WHERE {kept}'
            )
        window = Window(begin=1000, end=2000, late_ms=300)
        return counts(database, measured, window, kafka=kafka is not None, letters=letters)


def change(offset: int, **other: Any) -> dict[str, Any]:
    return {**row(offset), "__source_ts_ms": 1400, "__epoch": None, "id": offset, **other}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def bad(offset: int, **other: Any) -> dict[str, Any]:
    return change(offset, price=Decimal("-1.00"), **other)


def test_each_change_of_the_window_is_counted_once_and_others_are_not(files: Files) -> None:
    files.write(change(0), change(1), change(2, __source_ts_ms=999), change(3, __source_ts_ms=2000), change(4, __epoch=2))
    found = files.counted()
    assert (found.rows, found.distinct, found.judged, found.records) == (2, 2, 2, None)


def test_a_change_in_two_files_is_there_twice(files: Files) -> None:
    files.write(change(0), change(1))
    files.write(change(1))
    found = files.counted()
    assert (found.rows, found.distinct) == (3, 2)


def test_a_change_in_quarantine_is_one_of_the_tables_and_in_both_it_is_twice(files: Files) -> None:
    aside = bad(1, __topic=TOPIC + QUARANTINE, **{BROKEN_RULES: "price.min"})
    files.write(change(0))
    files.write(aside)
    found = files.counted(kafka=[0, 1])
    assert (found.rows, found.distinct, found.invalid, found.unmarked, found.records, found.missing) == (2, 2, 1, 0, 2, 0)
    files.write(bad(1))
    assert files.counted().distinct == 2
    assert files.counted().rows == 3


def test_what_neither_archive_nor_dead_letters_have_is_missing(files: Files) -> None:
    files.write(change(0), change(1, __source_ts_ms=10))
    found = files.counted(kafka=[0, 1, 2, 3], aside=[2], letters=1)
    assert (found.records, found.missing, found.letters) == (4, 1, 1)


def test_a_row_is_late_by_its_commit_and_one_that_was_only_read_never_is(files: Files) -> None:
    files.write(change(0), committed=1700)
    files.write(change(1), change(2, __op="r"), committed=1701)
    assert files.counted().late == 1


def test_rows_that_break_a_rule_among_good_ones_are_told_unless_they_are_marked(files: Files) -> None:
    files.write(bad(0), bad(1, **{BROKEN_RULES: "price.min"}), bad(2, __op="d"), change(3))
    found = files.counted()
    assert (found.judged, found.invalid, found.unmarked) == (3, 2, 1)


def test_a_table_without_a_file_has_counts_of_nothing(files: Files) -> None:
    found = files.counted(kafka=[])
    assert (found.rows, found.judged, found.invalid, found.records) == (0, 0, 0, 0)


def test_files_are_those_of_commits_since_a_time_and_a_time_that_is_gone_is_a_reason(tmp_path: Path) -> None:
    archive = LocalArchive(tmp_path)
    for offset in range(3):
        archive.append([row(offset)])
    table = archive.table("products")
    times = sorted(snapshot.timestamp_ms for snapshot in table.metadata.snapshots)
    assert sorted(committed_since([table], 0).values()) == times
    assert len(committed_since([table], times[-1] + 1)) == 0
    first = min(table.metadata.snapshots, key=lambda one: one.sequence_number)
    table.maintenance.expire_snapshots().by_id(first.snapshot_id).commit()
    later = archive.table("products")
    assert len(committed_since([later], times[-1])) >= 1
    with pytest.raises(UnansweredError, match=r"raise archive\.snapshotMinutes, or take a shorter window"):
        committed_since([later], times[0] - 1)
