"""The model of a captured table: it cannot describe what the archive cannot store faithfully."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from providers.iceberg.columns import type_problem
from stack.settings.shop import SAMPLE_ROWS, TABLES
from stack.settings.tables import METADATA_COLUMNS, PARTITION_COLUMNS, Column, Table, archive_columns


def column(**changes: Any) -> Column:
    """Return a plain column with some changes."""
    return Column(**{"name": "title", "type": "text", **changes})


@pytest.mark.parametrize("name", [*PARTITION_COLUMNS, *(name for name, _ in METADATA_COLUMNS)])
def test_columns_of_the_archive_cannot_be_columns_of_a_table(name: str) -> None:
    with pytest.raises(ValidationError, match=r"is reserved in the archive|is no name that PostgreSQL takes"):
        column(name=name)


def test_a_reserved_name_is_answered_with_a_free_one() -> None:
    with pytest.raises(ValidationError, match="rename the column, for example to year_value"):
        column(name="year")
    assert column(name="year_value").name == "year_value"


@pytest.mark.parametrize(
    "sql_type", ["money", "money[]", "point", "hstore", "refcursor", "text[][]x", "numeric(1001,2)", "citext", "TEXT", "rating", "bytea(3)"]
)
def test_types_that_would_lose_something_are_refused(sql_type: str) -> None:
    with pytest.raises(ValidationError, match="cannot be archived faithfully; use one of"):
        column(type=sql_type)


@pytest.mark.parametrize("sql_type", ["numeric(0,0)", "varchar(0)"])
def test_types_that_postgresql_refuses_are_refused_here(sql_type: str) -> None:
    with pytest.raises(ValidationError):
        column(type=sql_type)


def test_a_nullable_column_may_have_a_default() -> None:
    """The image's own transform keeps the NULL, where a converter would write the default (tests/images/test_archived_names.py)."""
    assert column(nullable=True, default="''").default == "''"
    assert column(nullable=True).nullable
    assert column(default="''").default == "''"


@pytest.mark.parametrize(("sql_type", "default"), [("jsonb", "'{}'"), ("jsonb", """'{"it''s": [1, true, null]}'"""), ("text[]", "'{}'")])
def test_json_and_no_elements_are_defaults(sql_type: str, default: str) -> None:
    assert column(type=sql_type, default=default).default == default


@pytest.mark.parametrize(
    ("sql_type", "default"),
    [
        *(("jsonb", default) for default in ("{}", "'{'", "'NaN'", r"""'"\ud800"'""", "'1e999999'", "'{}' || x", "''", "NULL")),
        *(("text[]", "'{a}'"), ("inet", "'10.0.0.1'"), ("time", "now()"), ("tsvector", "''")),
    ],
)
def test_a_default_that_is_not_judged_is_refused(sql_type: str, default: str) -> None:
    with pytest.raises(ValidationError, match=r"cannot be judged .*; drop it"):
        column(type=sql_type, default=default)


@pytest.mark.parametrize(("sql_type", "key"), [("json", "title"), ("xml", "title"), ("json[]", "title")])
def test_a_type_that_postgresql_does_not_order_is_no_key(sql_type: str, key: str) -> None:
    with pytest.raises(ValidationError, match="has title, and PostgreSQL makes no key of such a type"):
        Table(name="books", columns=(column(type=sql_type),), primary_key=(key,))


def test_a_type_that_postgresql_does_not_compare_has_no_constraint() -> None:
    with pytest.raises(ValidationError, match="has a constraint, and PostgreSQL compares no json"):
        Table(name="books", columns=(column(name="id"), column(type="json", constraint="UNIQUE")))


def test_an_interval_of_the_programs_own_tables_is_finite() -> None:
    assert column(type="interval").definition == "title interval NOT NULL CHECK (isfinite(title))"


@pytest.mark.parametrize("key", [(), ("number",), ("id", "number")])
def test_the_key_is_made_of_the_tables_own_columns(key: tuple[str, ...]) -> None:
    """Without a key no order of changes is defined."""
    with pytest.raises(ValidationError, match=r"primary key of table 'books' must consist of its columns"):
        Table(name="books", columns=(column(name="id"), column()), primary_key=key)


def test_a_column_name_is_unique_in_its_table() -> None:
    with pytest.raises(ValidationError, match="declares title more than once"):
        Table(name="books", columns=(column(), column()), primary_key=("title",))


@pytest.mark.parametrize("name", ["Users", "user-list", "1st", "a" * 64, "users; DROP TABLE users", ""])
def test_names_that_need_quotes_are_refused(name: str) -> None:
    """SQL is rendered without quotes, so only plain names may reach it."""
    with pytest.raises(ValidationError):
        Table(name=name, columns=(column(name="id"),))
    with pytest.raises(ValidationError):
        column(name=name)


@pytest.mark.parametrize(
    ("sql_type", "archive_type"),
    [
        ("smallint", "int"),
        ("integer", "int"),
        ("bigint", "long"),
        ("boolean", "boolean"),
        ("real", "float"),
        ("double precision", "double"),
        ("text", "string"),
        ("varchar(255)", "string"),
        ("uuid", "string"),
        ("date", "date"),
        ("timestamp", "timestamp"),
        ("timestamptz", "timestamptz"),
        ("numeric(10,2)", "decimal(10,2)"),
        ("numeric(38,0)", "decimal(38,0)"),
        ("numeric(39,0)", "string"),
        ("numeric(5,-2)", "string"),
        ("numeric", "string"),
        ("jsonb", "string"),
        ("character(5)", "string"),
        ("time with time zone", "string"),
        ("int[]", "string"),
        ("numeric(10,2)[]", "string"),
        ("bytea", "binary"),
        ("oid", "long"),
    ],
)
def test_types_keep_their_range_and_scale(sql_type: str, archive_type: str) -> None:
    made = column(type=sql_type)
    assert made.archive_type == archive_type
    assert type_problem(made.archive_type) is None, "the catalog would refuse what the model accepts"


@pytest.mark.parametrize(
    ("changes", "sql"),
    [
        ({}, "title text NOT NULL"),
        ({"nullable": True}, "title text"),
        ({"default": "'x'"}, "title text NOT NULL DEFAULT 'x'"),
        ({"type": "integer", "identity": True}, "title integer GENERATED BY DEFAULT AS IDENTITY NOT NULL"),
        ({"constraint": "UNIQUE"}, "title text NOT NULL UNIQUE"),
    ],
)
def test_a_column_as_sql(changes: dict[str, Any], sql: str) -> None:
    assert column(**changes).definition == sql


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_archive_columns_are_the_tables_columns_then_lineage_then_partition(table: Table) -> None:
    names = [name for name, _ in archive_columns(table)]
    assert names[: len(table.columns)] == [column.name for column in table.columns]
    assert tuple(names[-4:]) == PARTITION_COLUMNS
    assert len(names) == len(set(names))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_shop_keeps_money_exactly_and_time_with_its_zone(table: Table) -> None:
    for made in table.columns:
        assert made.type not in {"real", "double precision", "timestamp"}, made.name


def test_tables_come_after_the_tables_they_refer_to() -> None:
    """They are created in this order."""
    made: set[str] = set()
    for table in TABLES:
        made.add(table.qualified)
        for reference in (item.constraint.split()[1] for item in table.columns if item.constraint.startswith("REFERENCES")):
            assert reference.partition("(")[0] in made


def test_every_table_starts_with_rows_and_a_second_load_adds_none() -> None:
    statements = [text.strip() for text in SAMPLE_ROWS.split(";\n") if text.strip()]
    assert [text.split()[2] for text in statements] == [table.qualified for table in TABLES]
    assert all("NOT EXISTS" in text or "ON CONFLICT DO NOTHING" in text for text in statements)
