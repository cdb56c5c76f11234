"""One table on all its hops, made without a stack: Kafka's records and the log as files, the archive as a real Iceberg table on disk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow.fs import LocalFileSystem
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import (
    DecimalType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from pipeline.audit.accounting import Accounts
from pipeline.audit.archive_side import ArchiveSide
from pipeline.audit.canonical import compared
from pipeline.audit.kafka_side import ranges
from pipeline.audit.records import ASIDE, PLACES, ROW, TRUNCATE, kafka_schema
from pipeline.audit.spill import Spill, limit
from pipeline.audit.subject import Subject
from pipeline.audit.topics import Range
from pipeline.audit.transactions import log_schema
from stack.settings.quality import BROKEN_RULES, QUARANTINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pyiceberg.table import Table

TOPIC = "postgres.public.products"
KINDS = [
    ("id", IntegerType()),
    ("name", StringType()),
    ("price", DecimalType(10, 2)),
    ("created_at", TimestamptzType()),
    ("__op", StringType()),
    ("__source_lsn", LongType()),
    ("__source_sequence", StringType()),
    ("__topic", StringType()),
    ("__kafka_partition", IntegerType()),
    ("__kafka_offset", LongType()),
]
SCHEMA = Schema(*(NestedField(number, name, kind, required=False) for number, (name, kind) in enumerate(KINDS, 1)))
SUBJECT = Subject("public.products", "products", TOPIC, compared((name, str(kind)) for name, kind in KINDS), ("id",))
MORNING = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)


def row(offset: int, **other: Any) -> dict[str, Any]:
    """Return a row as all sides have it: the change at an offset of partition 0, each of another key."""
    values = {
        "id": offset,
        "name": f"name {offset}",
        "price": Decimal("1.50"),
        "created_at": MORNING,
        "__op": "c",
        "__source_lsn": 1000 + 10 * offset,
        "__source_sequence": None,
        "__topic": TOPIC,
        "__kafka_partition": 0,
        "__kafka_offset": offset,
    }
    return {**values, **other}


class LocalArchive:
    """An archive on this disk, as `reading.archive.Archive` is one in S3."""

    def __init__(self, folder: Path) -> None:
        """Make the catalog and the table."""
        self.filesystem = LocalFileSystem()
        self._catalog = SqlCatalog("archive", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/archive")
        self._catalog.create_namespace("archive")
        self._catalog.create_table("archive.products", SCHEMA, properties={"format-version": "2"})

    def table(self, name: str) -> Table:
        """Load a table afresh."""
        return self._catalog.load_table(("archive", name))

    def open_quarantine(self) -> None:
        """Make the table of the bad rows, as the program declares it."""
        columns = [*SCHEMA.fields, NestedField(len(KINDS) + 1, BROKEN_RULES, StringType(), required=False)]
        self._catalog.create_table("archive.products_quarantine", Schema(*columns), properties={"format-version": "2"})

    def set_aside(self, rows: Sequence[dict[str, Any]]) -> None:
        """Commit bad rows, as the sink does."""
        self.append([{**one, "__topic": TOPIC + QUARANTINE, BROKEN_RULES: "price.min"} for one in rows], "products_quarantine")

    def append(self, rows: Sequence[dict[str, Any]], name: str = "products") -> None:
        """Commit rows, as the sink does."""
        table = self.table(name)
        table.append(pa.Table.from_pylist(list(rows), schema=table.schema().as_arrow()))


@dataclass
class Hops:
    """All sides of the table.

    Attributes:
        folder: Where its files are.
        archive: Its archive.
        kafka: Committed records.
        again: Offsets of dead letters that were put back.
        aborted: Offsets of aborted records.
        aside: Offsets that dead letters name.
        logged: Changes of the log: position of the commit, and the row.
    """

    folder: Path
    archive: LocalArchive
    kafka: list[dict[str, Any]] = field(default_factory=list)
    forms: dict[int, str] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    aborted: list[int] = field(default_factory=list)
    aside: list[int] = field(default_factory=list)
    logged: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    end: int = 0
    begin: int = 0
    subject: Subject = SUBJECT

    def __post_init__(self) -> None:
        """Connect to DuckDB."""
        self.database = duckdb.connect()
        limit(self.database, self.folder, "500MB")
        self.side = ArchiveSide(self.archive, self.database, self.subject, self.folder)  # type: ignore[arg-type]

    def accounts(self) -> Accounts:
        """Make all views and return what answers questions about them."""
        self.side.read()
        ends = {0: 0}
        for one in self.kafka:
            ends[one["__kafka_partition"]] = max(ends.get(one["__kafka_partition"], 0), one["__kafka_offset"] + 1)
        read = {number: Range(self.begin, self.end or end) for number, end in ends.items()}
        subject = self.subject
        for name, schema in (("kafka", kafka_schema(subject)), ("seen", PLACES), ("aside", ASIDE), ("logged", log_schema(subject))):
            with Spill(self.folder / f"{name}.parquet", schema) as spill:
                for values in getattr(self, f"_of_{name}")():
                    spill.add(values)
            self.database.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM read_parquet('{self.folder / name}.parquet')")
        for name in ("ranges", "known"):
            ranges(self.database, read, name)
        return Accounts(self.database, subject, 10)

    def _of_kafka(self) -> Iterator[tuple[Any, ...]]:
        for one in self.kafka:
            place, form = (one["__kafka_partition"], one["__kafka_offset"]), self.forms.get(one["__kafka_offset"], ROW)
            values = [one[column.name] if form == ROW else None for column in self.subject.columns]
            yield (*place, form, form == ROW, one["__kafka_offset"] in self.again, *values)

    def _of_seen(self) -> Iterator[tuple[int, int]]:
        yield from ((one["__kafka_partition"], one["__kafka_offset"]) for one in self.kafka)
        yield from ((0, offset) for offset in self.aborted)

    def _of_aside(self) -> Iterator[tuple[str, int, int]]:
        yield from ((TOPIC, 0, offset) for offset in self.aside)

    def _of_logged(self) -> Iterator[tuple[Any, ...]]:
        for commit, one in self.logged:
            truncate = one["__op"] == TRUNCATE
            values = (None if truncate else one[column.name] for column in self.subject.row_columns)
            yield commit, one["__source_lsn"], 7, 1, one["__op"], not truncate, *values


@pytest.fixture
def hops(tmp_path: Path) -> Hops:
    """Return ten changes that are everywhere, but for the offsets 3 (control) and 6 (aborted)."""
    rows = [row(offset) for offset in range(12) if offset not in {3, 6}]
    made = Hops(tmp_path, LocalArchive(tmp_path), kafka=rows, aborted=[6], logged=[(one["__source_lsn"] + 5, one) for one in rows])
    made.archive.append(rows[:6])
    made.archive.append(rows[6:])
    return made
