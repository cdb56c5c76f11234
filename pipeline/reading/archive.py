"""Reading the archive back: DuckDB over the Parquet files that each Iceberg table's current snapshot is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.catalog.sql import SqlCatalog

from pipeline.reading.store import KeptFiles, Store
from pipeline.views.dialects import DIALECTS
from pipeline.views.states import known_state
from stack.configs import seams

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb
    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files of one archived table.

    Attributes:
        name: Table name without its namespace.
        paths: Addresses of the Parquet files of the current snapshot.
        declared: The table's columns with their types, without a row.
    """

    name: str
    paths: tuple[str, ...]
    declared: pa.Table

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the table's columns."""
        return tuple(self.declared.column_names)


def repeated_changes(key: Sequence[str]) -> str:
    """Return the query for the number of rows that repeat a change of another row.

    A change is its epoch, its position in the write-ahead log, its key and its operation: a restored database gives positions again, rows
    of one COPY share one, and an UPDATE of a key is a deletion and an insertion at one. Kafka's position would not do: what the source
    writes again has a new one. A row that a backfill has read is no change, and has no position.
    """
    change = ", ".join(("coalesce(__epoch, 1)", "__source_lsn", "__op", *(f'"{part}"' for part in key)))
    return f"SELECT count(*) - count(DISTINCT ({change})) AS number FROM changes WHERE __source_lsn IS NOT NULL"  # noqa: S608 - from the table model


def _catalog(outputs: Mapping[str, Any]) -> Catalog:
    """Return the catalog of the tables: the JDBC one where the stack has it, else Glue; absent keys are those of the environment."""
    reader = outputs["reader"]
    store = {"s3.endpoint": reader["endpoint"], "s3.region": reader["region"]}
    keys = {
        "s3.access-key-id": reader.get("accessKeyId"),
        "s3.secret-access-key": reader.get("secretAccessKey"),
        "s3.session-token": reader.get("sessionToken"),
    }
    files = {key: value for key, value in {**store, **keys}.items() if value}
    catalog = outputs.get("catalog")
    if catalog is None:
        return GlueCatalog(reader["catalog"], **{"glue.region": reader["region"], **files})
    # without a login in the outputs, libpq takes it from its own variables
    login = f"{quote(catalog['user'], safe='')}:{quote(catalog['password'], safe='')}@" if "user" in catalog else ""
    uri = catalog["uri"].replace("postgresql://", f"postgresql+psycopg2://{login}")
    return SqlCatalog(reader["catalog"], uri=uri, init_catalog_tables="false", pool_pre_ping="true", **files)


def _changes(cursor: duckdb.DuckDBPyConnection, paths: Sequence[str], declared: pa.Table) -> str:
    """Return the query for all rows of some files, with every declared column; ``declared`` becomes a table of the connection."""
    cursor.register("declared", declared)
    # in a table from before the epochs no file may have their column
    parts = ["SELECT * FROM declared", "SELECT NULL::INTEGER AS __epoch WHERE false"]
    if paths:
        listed = ", ".join(f"'{path}'" for path in paths)
        parts.insert(1, f"SELECT * FROM read_parquet([{listed}], union_by_name = true, hive_partitioning = false)")  # noqa: S608 - from the catalog
    return " UNION ALL BY NAME ".join(parts)


class Archive:
    """The archive as a reader sees it.

    Args:
        outputs: The stack's outputs: ``reader``, and ``catalog`` where the tables are in a JDBC catalog.
        keeps: Whether small files are kept in memory for the next query.

    Attributes:
        filesystem: The store of its files.
    """

    def __init__(self, outputs: Mapping[str, Any], *, keeps: bool = True) -> None:
        """Connect lazily; nothing is read yet."""
        reader = outputs["reader"]
        self._catalog = _catalog(outputs)
        self._namespace = reader["namespace"]
        self._store = Store(reader, KeptFiles() if keeps else None)
        self.filesystem = self._store.filesystem

    def database(self) -> duckdb.DuckDBPyConnection:
        """Return a connection of its own to the DuckDB that can read the store."""
        return self._store.database()

    def table(self, name: str) -> Table:
        """Load the Iceberg table of a source table afresh."""
        return self._catalog.load_table((self._namespace, name))

    def files(self, name: str) -> TableFiles:
        """Return the files that are committed at this moment."""
        table = self.table(name)
        paths = tuple(task.file.file_path for task in table.scan().plan_files())
        return TableFiles(name, paths, table.schema().as_arrow().empty_table())

    def query(self, name: str, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows of a query over one table, which stands in ``sql`` as ``changes``.

        An archive without files has no rows; a file written before a column was added has NULL there, and a column that no file has yet is
        NULL everywhere.
        """
        files = self.files(name)
        return self._query(files.paths, files.declared, sql, parameters)

    def query_files(self, name: str, paths: Sequence[str], sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows of a query over some files of one table, as `query` over all of them."""
        return self._query(paths, self.table(name).schema().as_arrow().empty_table(), sql, parameters)

    def _query(self, paths: Sequence[str], declared: pa.Table, sql: str, parameters: Sequence[object]) -> list[dict[str, Any]]:
        if not paths:
            return []
        cursor = self._store.database()
        result = cursor.execute(f"WITH changes AS ({_changes(cursor, paths, declared)}) {sql}", parameters)
        names = [column[0] for column in result.description or []]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def opened(self, name: str) -> duckdb.DuckDBPyConnection:
        """Return a connection in which ``changes`` is a view of the archived rows of one table, also of none."""
        files, cursor = self.files(name), self._store.database()
        cursor.execute(f"CREATE TEMP VIEW changes AS {_changes(cursor, files.paths, files.declared)}")
        return cursor

    def operations(self, name: str) -> dict[str, int]:
        """Rows per operation: ``r`` read by the snapshot, ``c`` created, ``u`` updated, ``d`` deleted."""
        rows = self.query(name, "SELECT __op AS operation, count(*) AS number FROM changes GROUP BY 1 ORDER BY 1")
        return {row["operation"]: row["number"] for row in rows}

    def duplicates(self, name: str, key: Sequence[str]) -> int:
        """Rows that stand for a change which another row stands for already, whether source or sink has written it twice."""
        rows = self.query(name, repeated_changes(key))
        return int(rows[0]["number"]) if rows else 0

    def current(self, name: str, key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
        """Return the table as the archive knows it, by the text that readers get: the last change of each key in the present epoch.

        Deleted rows are left out. An epoch begins with every row of the table, and rows of an earlier one may have gone without a deletion.
        """
        columns = self.files(name).columns
        text = known_state(DIALECTS["duckdb"], "changes", key, columns, self.epoch(name) if "__epoch" in columns else None)
        return {tuple(row[part] for part in key): row for row in self.query(name, text)}

    def epoch(self, name: str) -> int:
        """Return the number of the present epoch, whether or not the table has a row of it."""
        return int(self.table(name).properties.get(seams.EPOCH, "1"))
