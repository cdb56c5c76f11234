"""The text for each engine: names are quoted as the engine does it, and each text is SQL of its dialect."""

from __future__ import annotations

from typing import Any, Final

import jinja2
import pytest
import yaml

from pipeline.views.dialects import DIALECTS
from pipeline.views.files import files
from pipeline.views.moment import Moment
from stack.settings.shop import TABLES
from stack.settings.tables import Column, Table, archive_columns
from tests.views.histories import record
from tests.views.running import answered

# every name is a reserved word of some engine
ODD: Final = Table(
    name="partition",
    columns=(Column(name="range", type="integer"), Column(name="timestamp", type="numeric(38,9)"), Column(name="interval", type="text")),
    primary_key=("range", "timestamp"),
)
MOMENTS: Final = (None, Moment(milliseconds=1), Moment(position=1))
GRAMMARS: Final = {"duckdb": "duckdb", "athena": "trino", "spark": "spark", "clickhouse": "clickhouse", "dbt": "duckdb"}


def rendered(text: str) -> str:
    """Return what dbt makes of a model, for DuckDB."""

    class Adapter:
        def quote(self, name: str) -> str:
            return f'"{name}"'

    def nothing(**_settings: object) -> str:
        return ""

    def source(schema: str, table: str) -> str:
        return f'"{schema}"."{table}"'

    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, not HTML
    return environment.from_string(text).render(adapter=Adapter(), config=nothing, source=source)


@pytest.mark.parametrize("moment", MOMENTS, ids=["current", "at a time", "at a position"])
@pytest.mark.parametrize("engine", DIALECTS)
def test_each_text_is_sql_of_its_dialect(engine: str, moment: Moment | None) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    made = files(engine, (*TABLES, ODD), "archive", moment=moment)
    for name, text in made.items():
        if name.endswith(".sql"):
            (parsed,) = sqlglot.parse(rendered(text), read=GRAMMARS[engine], error_level=sqlglot.ErrorLevel.RAISE)
            named = {column.name for column in parsed.find_all(sqlglot.exp.Column)}
            if name.startswith("partition_"):
                assert {"range", "timestamp", "interval"} <= named


@pytest.mark.parametrize("engine", DIALECTS)
def test_every_column_of_the_table_is_in_the_result_and_every_name_is_quoted(engine: str) -> None:
    quoted = DIALECTS[engine].quoted
    text = files(engine, (ODD,), "archive")["partition_current.sql"]
    shown = text.partition("FROM (")[0]
    assert [column.name for column in ODD.columns if f"numbered.{quoted(column.name)}" not in shown] == []
    assert f"PARTITION BY changes.{quoted('range')}, changes.{quoted('timestamp')}\n" in text


@pytest.mark.parametrize("engine", ["duckdb", "dbt"])
def test_the_text_of_a_view_runs_with_the_columns_that_the_archive_has(engine: str) -> None:
    created = {"int": "INTEGER", "long": "BIGINT", "string": "VARCHAR", "decimal(38,9)": "DECIMAL(38,9)"}
    columns = ", ".join(f'"{name}" {created[kind]}' for name, kind in archive_columns(ODD))
    text = rendered(files(engine, (ODD,), "archive")["partition_current.sql"])
    view = text if engine == "duckdb" else f'CREATE VIEW "partition_current" AS {text}'
    import duckdb  # noqa: PLC0415 - the other tests need none

    with duckdb.connect() as database:
        database.execute(f'CREATE SCHEMA archive; CREATE TABLE archive."partition" ({columns}); {view}')
        changes: list[tuple[Any, ...]] = [("c", 100, '[null,"100"]', "first"), ("u", 200, '["150","200"]', "second")]
        for operation, position, pair, value in changes:
            database.execute(
                'INSERT INTO archive."partition" ("range", "timestamp", "interval", __op, __source_lsn, __source_sequence, __kafka_offset) '
                "VALUES (1, 2.5, ?, ?, ?, ?, ?)",
                [value, operation, position, pair, 1000 - position],
            )
        assert database.execute('SELECT "range", "timestamp"::TEXT, "interval" FROM "partition_current"').fetchall() == [
            (1, "2.500000000", "second")
        ]


def test_dbt_gets_the_sources_that_its_models_name() -> None:
    made = files("dbt", TABLES, "lake.archive")
    sources = yaml.safe_load(made["archive_sources.yml"])["sources"]
    assert [(source["name"], source["database"], source["schema"]) for source in sources] == [("archive", "lake", "archive")]
    assert {table["name"] for table in sources[0]["tables"]} == {table.archive_name for table in TABLES}


def test_without_a_catalog_duckdb_reads_the_files() -> None:
    text = files("duckdb", TABLES[:1], "archive", locations={"public.users": "s3://bucket/topics/postgres.public.users"})
    assert "FROM read_parquet('s3://bucket/topics/postgres.public.users/*/*/*/*/*.parquet', union_by_name" in text["users_current.sql"]


def test_a_column_that_no_engine_would_take_unquoted_is_ordered_and_read() -> None:
    from pipeline.views.states import state  # noqa: PLC0415 - one test

    rows = [{**record("c", 1, "x", 1, None, 1), "__kafka_offset": 1}]
    assert answered(rows, state(DIALECTS["duckdb"], "changes", ("order",), ("order",))) == [{"order": "x"}]
