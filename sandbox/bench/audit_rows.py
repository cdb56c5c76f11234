"""Rows of one made-up table on two hops of an audit: Kafka's records as an audit writes them to disk, and an Iceberg table on this disk.

The second half of the rows changes the keys of the first. One row is left out of the archive and one has another value there, so that a
comparison that overlooks rows cannot pass for a fast one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import DecimalType, IntegerType, LongType, NestedField, StringType, TimestamptzType

from pipeline.audit.canonical import compared
from pipeline.audit.kafka_side import KafkaSide
from pipeline.audit.records import ASIDE, PLACES, ROW, kafka_schema
from pipeline.audit.spill import Spill
from pipeline.audit.subject import Subject
from pipeline.audit.topics import Range

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pyiceberg.table import Table

PARTITIONS: Final = 6
# One commit of the sink at about 10,000 rows a second, which is what it can take out of a queue
_COMMIT: Final = 102_000
# As pipeline/audit/spill.py writes them: about 100 groups of rows to a file
_GROUP: Final = 20_000
_FILE: Final = 16 * _COMMIT
_TOPIC: Final = "bench.public.rows"
_COLUMNS: Final = (
    ("id", IntegerType()),
    ("name", StringType()),
    ("price", DecimalType(10, 2)),
    ("created_at", TimestamptzType()),
    ("__op", StringType()),
    ("__source_lsn", LongType()),
    ("__source_sequence", StringType()),
    ("__epoch", IntegerType()),
    ("__topic", StringType()),
    ("__kafka_partition", IntegerType()),
    ("__kafka_offset", LongType()),
)
_SCHEMA: Final = Schema(*(NestedField(number, name, kind, required=False) for number, (name, kind) in enumerate(_COLUMNS, 1)))

SUBJECT: Final = Subject("public.rows", "rows", _TOPIC, compared((name, str(kind)) for name, kind in _COLUMNS), ("id",))
# As the program declares its tables: without it, the metadata of each commit stays, which an audit calls orphaned from the hundredth on
_PROPERTIES: Final = {"format-version": "2", "write.metadata.delete-after-commit.enabled": "true"}

PLANTED: Final = {"missing": 1, "altered": 1}
"""Faults that an audit has to find."""


class LocalArchive:
    """Archive on this disk, as `reading.archive.Archive` is one in a store.

    Args:
        folder: Where catalog and table are.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the catalog."""
        self.filesystem = LocalFileSystem()
        self._catalog = SqlCatalog("archive", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/archive")

    def make(self) -> None:
        """Make the table."""
        self._catalog.create_namespace("archive")
        self._catalog.create_table("archive.rows", _SCHEMA, properties=_PROPERTIES)

    def table(self, name: str) -> Table:
        """Load a table afresh."""
        return self._catalog.load_table(("archive", name))


class WrittenKafka(KafkaSide):
    """Kafka's side as it is once everything has been read.

    Args:
        folder: Folder of its files.
        rows: Number of the rows.
    """

    def __init__(self, folder: Path, rows: int) -> None:
        """Know the offsets."""
        self._folder = folder
        self.unfinished = set()
        self.ranges = {(_TOPIC, number): Range(0, rows // PARTITIONS) for number in range(PARTITIONS)}

    def read_dead_letters(self, tell: Callable[[str], None]) -> None:
        """Nothing comes later."""


def rounded(rows: int) -> int:
    """Return the next number of rows whose halves fill all partitions alike."""
    return -(-rows // (2 * PARTITIONS)) * 2 * PARTITIONS


def make(folder: Path, rows: int, tell: Callable[[str], None]) -> None:
    """Write both sides.

    Args:
        folder: Where to.
        rows: A number that `rounded` gives.
        tell: Says how far it is.
    """
    archive, database = LocalArchive(folder), duckdb.connect()
    database.execute("SET threads = 1; SET TimeZone = 'UTC'")
    archive.make()
    Spill(folder / "aside.parquet", ASIDE).close()
    for number, first in enumerate(range(0, rows, _FILE)):
        places = {name: folder / f"rows-{name}-{number}.parquet" for name in ("kafka", "seen")}
        with (
            pq.ParquetWriter(places["kafka"], kafka_schema(SUBJECT), compression="zstd", use_dictionary=False) as kafka,
            pq.ParquetWriter(places["seen"], PLACES, compression="zstd", use_dictionary=False) as seen,
        ):
            for begin in range(first, min(first + _FILE, rows), _COMMIT):
                made = database.sql(_text(begin, min(begin + _COMMIT, rows), rows)).to_arrow_table()
                kafka.write_table(_of(made, kafka_schema(SUBJECT)), row_group_size=_GROUP)
                seen.write_table(_of(made, PLACES), row_group_size=_GROUP)
                table = archive.table("rows")
                table.append(_of(_with_faults(made, begin), table.schema().as_arrow()))
                tell(f"{begin:,} of {rows:,} rows")


def _text(begin: int, end: int, rows: int) -> str:
    half = rows // 2
    values: dict[str, Any] = {
        "id": f"n % {half}",
        "name": f"'name ' || n % {half}",
        "price": "(n % 1000000) / 100",
        "created_at": "TIMESTAMPTZ '2026-01-01 00:00:00+00' + n * INTERVAL 1 MICROSECOND",
        "__op": f"CASE WHEN n < {half} THEN 'c' ELSE 'u' END",
        "__source_lsn": "1000 + 100 * n",
        "__source_sequence": """'["' || (950 + 100 * n) || '","' || (1000 + 100 * n) || '"]'""",
        "__epoch": "1",
        "__topic": f"'{_TOPIC}'",
        "__kafka_partition": f"n % {PARTITIONS}",
        "__kafka_offset": f"n // {PARTITIONS}",
        "@partition": f"n % {PARTITIONS}",
        "@offset": f"n // {PARTITIONS}",
        "@form": f"'{ROW}'",
        "@comparable": "true",
        "@again": "false",
    }
    listed = ", ".join(f'{text} AS "{name}"' for name, text in values.items())
    return f"SELECT {listed} FROM range({begin}, {end}) AS made(n)"  # noqa: S608 - numbers only


def _of(made: pa.Table, schema: pa.Schema) -> pa.Table:
    return made.select(schema.names).cast(schema)


def _with_faults(made: pa.Table, begin: int) -> pa.Table:
    """Return a commit; the first one lacks its second row, and its last row has another name."""
    if begin:
        return made
    last = made.slice(made.num_rows - 1)
    altered = last.set_column(last.column_names.index("name"), "name", [["another name"]])
    return pa.concat_tables([made.slice(0, 1), made.slice(2, made.num_rows - 3), altered])
