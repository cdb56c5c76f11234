"""Rows of a log in DuckDB, and the answers of a text that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES: Final = {
    "id": pa.int32(),
    "order": pa.string(),
    "__op": pa.string(),
    "__source_ts_ms": pa.int64(),
    "__source_lsn": pa.int64(),
    "__source_sequence": pa.string(),
    "__epoch": pa.int32(),
    "__kafka_partition": pa.int32(),
    "__kafka_offset": pa.int64(),
}
_DATABASE: Final = duckdb.connect()


def answered(rows: Sequence[Mapping[str, Any]], text: str, columns: Sequence[str] = tuple(TYPES)) -> list[dict[str, Any]]:
    """Return the rows of a query over ``changes``."""
    schema = pa.schema([(name, TYPES[name]) for name in columns])
    log = pa.Table.from_pylist([{name: row.get(name) for name in columns} for row in rows], schema=schema)
    cursor = _DATABASE.cursor()
    cursor.register("changes", log)
    found: list[dict[str, Any]] = cursor.sql(text).to_arrow_table().to_pylist()
    return found
