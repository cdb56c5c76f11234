"""Files with the views of a stack's tables: SQL for an engine, or models and sources of a dbt project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.views.dialects import DIALECTS
from pipeline.views.states import state
from stack.settings.tables import METADATA_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.views.moment import Moment
    from stack.settings.model import Settings
    from stack.settings.tables import Table

DBT: Final = "dbt"
# What the result tells of the last change of each row, besides the row itself.
_LAST_CHANGE: Final = ("__source_ts_ms", "__source_lsn")
_SHOWN: Final = (*_LAST_CHANGE, *(name for name, _type in METADATA_COLUMNS if name == "__epoch"))


def name_of(table: Table, moment: Moment | None) -> str:
    """Return the name of a table's view."""
    return f"{table.archive_name}_{'current' if moment is None else 'as_of'}"


def locations(settings: Settings) -> dict[str, str]:
    """Return the folders of the tables whose files are all that there is, by the table's qualified name: no catalog knows them."""
    if settings.archive.format == "iceberg":
        return {}
    return {table.qualified: f"s3://{settings.archive.bucket}/{settings.names.object_prefix(table)}" for table in settings.source.tables}


def files(
    engine: str,
    tables: Sequence[Table],
    namespace: str,
    *,
    moment: Moment | None = None,
    epoch: int | None = None,
    locations: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the text of each file by its name: one for a table, and for dbt the list of sources.

    Args:
        engine: Name of a dialect.
        tables: Captured tables.
        namespace: Namespace of the archived tables in the engine's catalog.
        moment: Moment of the state; the present one by default.
        epoch: Epoch of the state; by default the highest of which a table has a row.
        locations: Folder of a table's files by the table's qualified name, where no catalog knows the table.
    """
    found = {
        f"{name_of(table, moment)}.sql": _text(
            engine, table, relation(engine, table, namespace, (locations or {}).get(table.qualified)), moment, epoch
        )
        for table in tables
    }
    return found if engine != DBT else {**found, f"{namespace.rpartition('.')[2]}_sources.yml": _sources(tables, namespace)}


def _text(engine: str, table: Table, relation: str, moment: Moment | None, epoch: int | None) -> str:
    dialect = DIALECTS[engine]
    query = state(dialect, relation, table.primary_key, [*(column.name for column in table.columns), *_SHOWN], moment, epoch)
    said = f"{table.qualified}, {'the current state' if moment is None else 'an earlier state'}, for {dialect.title}"
    if engine == DBT:
        return f"{{# {said} #}}\n{{{{ config(materialized='view') }}}}\n\n{query}"
    return f"-- {said}\nCREATE OR REPLACE VIEW {dialect.quoted(name_of(table, moment))} AS\n{query.rstrip()};\n"


def relation(engine: str, table: Table, namespace: str, location: str | None = None) -> str:
    """Return the archived changes of a table, as FROM names them.

    Args:
        engine: Name of a dialect.
        table: Captured table.
        namespace: Namespace of the archived tables in the engine's catalog.
        location: Folder of the table's files, where no catalog knows the table.
    """
    if engine == DBT:
        return f"{{{{ source('{namespace.rpartition('.')[2]}', '{table.archive_name}') }}}}"
    if engine == "duckdb" and location:
        return f"read_parquet('{location}/*/*/*/*/*.parquet', union_by_name = true, hive_partitioning = false)"
    return DIALECTS[engine].relation(namespace, table.archive_name)


def _sources(tables: Sequence[Table], namespace: str) -> str:
    catalog, _, schema = namespace.rpartition(".")
    database = f"    database: {catalog}\n" if catalog else ""
    listed = "".join(f"      - name: {table.archive_name}\n" for table in tables)
    source = f"  - name: {schema}\n{database}    schema: {schema}\n    quoting: {{identifier: true}}\n"
    return f"version: 2\nsources:\n{source}    tables:\n{listed}"
