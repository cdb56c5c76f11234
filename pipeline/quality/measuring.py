"""Counts of one table over a window: its archived rows by DuckDB, and which of Kafka's records they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.audit.archived import source
from pipeline.quality.rules_sql import broken
from pipeline.quality.scoring import Counts
from stack.settings.quality import BROKEN_RULES, QUARANTINE
from stack.settings.sql_names import in_quotes, text_literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import duckdb

    from stack.settings.tables import Table

_PLACE: Final = '"@partition", "@offset"'
_NAMED: Final = (
    ("__op", pa.string()),
    ("__source_ts_ms", pa.int64()),
    ("__epoch", pa.string()),
    ("__topic", pa.string()),
    ("__kafka_partition", pa.int32()),
    ("__kafka_offset", pa.int64()),
    (BROKEN_RULES, pa.string()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Window of changes, in milliseconds since 1970.

    Attributes:
        begin: Its first moment.
        end: The moment behind it: what came later may still be on its way.
        late_ms: Time from the commit of a change in the database to that in the archive from which it is late.
    """

    begin: int
    end: int
    late_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is counted.

    Attributes:
        table: The table.
        topic: Its topic.
        epoch: Number of the present epoch.
        files: Files that were committed since the window's begin, of table and quarantine, each with the time of its commit.
    """

    table: Table
    topic: str
    epoch: int
    files: Mapping[str, int]


def load(database: duckdb.DuckDBPyConnection, measured: Measured, folder: Path) -> None:
    """Make the table ``judged`` of the rows of the files: place, times and what the rules say.

    Raises:
        Exception: Whatever DuckDB and the store raise.
    """
    table, files = measured.table, sorted(measured.files)
    template = folder / "template.parquet"
    # columns that no file has yet; the others have their types from the files
    columns = [*((column.name, pa.string()) for column in table.columns if not files), *_NAMED]
    pq.write_table(pa.schema(columns).empty_table(), template)
    numbered = {
        "number": pa.array(range(1, len(files) + 1), pa.int64()),
        "committed": pa.array([measured.files[file] for file in files], pa.int64()),
    }
    database.register("measured_files", pa.table(numbered))
    listed = source(template, files)
    known = {row[0] for row in database.execute(f"DESCRIBE SELECT * FROM {listed}").fetchall()}  # noqa: S608 - names of the catalog
    absent = "".join(f", NULL::VARCHAR AS {in_quotes(column.name)}" for column in table.columns if column.name not in known)
    rules = " OR ".join(broken(table, rule) for rule in table.rules) or "false"
    database.execute(
        f'CREATE OR REPLACE TEMP TABLE judged AS SELECT coalesce(TRY_CAST(__epoch AS INTEGER), 1) AS "@epoch", '  # noqa: S608 - as above
        f'replace(__topic, \'{QUARANTINE}\', \'\') AS "@topic", __kafka_partition AS "@partition", __kafka_offset AS "@offset", '
        f"__source_ts_ms AS changed, committed, __op AS op, coalesce({BROKEN_RULES}, '') <> '' AS marked, "
        f"__op NOT IN ('d', 't') AND ({rules}) AS invalid "
        f"FROM (SELECT *, file_index AS at{absent} FROM {listed}) AS rows JOIN measured_files ON rows.at = number"
    )
    database.unregister("measured_files")


def counts(database: duckdb.DuckDBPyConnection, measured: Measured, window: Window, *, kafka: bool, letters: int) -> Counts:
    """Return the counts of a table whose rows are loaded.

    Args:
        database: DuckDB with ``judged``, and with Kafka's places in ``records`` and ``aside`` if they were read.
        measured: What is counted.
        window: The window.
        kafka: Whether Kafka was read.
        letters: Dead letters of the window that broke a rule of the table.
    """
    inside = f'changed >= {window.begin} AND changed < {window.end} AND "@epoch" = {measured.epoch}'
    # a row that was only read, by a snapshot or a backfill, is no change that could be late
    rows = database.execute(
        f"SELECT count(*), count(DISTINCT (\"@topic\", {_PLACE})), count(*) FILTER (op <> 'r' AND committed - changed > {window.late_ms}), "  # noqa: S608
        f"count(*) FILTER (op NOT IN ('d', 't')), count(*) FILTER (invalid), count(*) FILTER (invalid AND NOT marked) "
        f"FROM judged WHERE {inside}"
    ).fetchall()
    number, distinct, late, states, invalid, unmarked = (int(value) for value in rows[0])
    records, missing = _against_kafka(database, measured) if kafka else (None, 0)
    return Counts(
        records=records,
        missing=missing,
        rows=number,
        distinct=distinct,
        late=late,
        judged=states,
        invalid=invalid,
        letters=letters,
        unmarked=unmarked,
        rules=len(measured.table.rules),
    )


def _against_kafka(database: duckdb.DuckDBPyConnection, measured: Measured) -> tuple[int, int]:
    topic = text_literal(measured.topic)
    archived = f'SELECT {_PLACE} FROM judged WHERE "@topic" = {topic} AND "@epoch" = {measured.epoch}'  # noqa: S608
    aside = f'SELECT {_PLACE} FROM aside WHERE "@topic" = {topic}'  # noqa: S608
    found = database.execute(
        f"SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM records ANTI JOIN ({archived} UNION ALL {aside}) AS there "  # noqa: S608
        'USING ("@partition", "@offset"))'
    ).fetchall()
    return int(found[0][0]), int(found[0][1])
