"""Tables with a faithful model, and the obstacles of the others."""

from __future__ import annotations

import pytest

from existing_database.facts import SeenColumn, SeenTable
from existing_database.fidelity import Obstacle, clashes, model_type, modelled, quoted
from settings import shop as ecommerce
from settings.tables import Table

ID = SeenColumn(name="id", type="integer", nullable=False, identity=True)


def table(*columns: SeenColumn, **others: object) -> SeenTable:
    """Return a table with a key."""
    given = {"schema": "public", "name": "users", "primary_key": ("id",), **others}
    return SeenTable(columns=(ID, *columns), **given)  # type: ignore[arg-type]


def column(sql_type: str = "text", name: str = "thing", **others: object) -> SeenColumn:
    """Return a column that allows NULL."""
    return SeenColumn(name=name, type=sql_type, nullable=True, **others)  # type: ignore[arg-type]


def only(seen: SeenTable) -> Obstacle:
    """Return a table's only obstacle."""
    model, obstacles = modelled(seen)
    assert model is None
    (found,) = obstacles
    return found


@pytest.mark.parametrize(
    ("seen", "model"),
    [
        ("integer", "integer"),
        ("character varying(255)", "varchar(255)"),
        ("character varying", "text"),
        ("numeric(10,2)", "numeric(10,2)"),
        ("timestamp without time zone", "timestamp"),
        ("timestamp(3) with time zone", "timestamptz"),
        ("double precision", "double precision"),
        ("jsonb", "jsonb"),
    ],
)
def test_types_are_converted_to_the_models_spelling(seen: str, model: str) -> None:
    assert model_type(seen) == model


def test_a_faithful_table_becomes_its_model() -> None:
    model, obstacles = modelled(table(column("character varying(20)"), schema="sales", identity="f"))
    assert obstacles == []
    assert model is not None
    assert (model.qualified, model.primary_key) == ("sales.users", ("id",))
    assert [(one.name, one.type, one.nullable) for one in model.columns] == [("id", "integer", False), ("thing", "varchar(20)", True)]


@pytest.mark.parametrize(
    "sql_type", ["jsonb", "bytea", "money", "interval", "time without time zone", "text[]", "numeric(40,2)", "character(2)"]
)
def test_an_unsupported_type_is_reported_with_an_alternative(sql_type: str) -> None:
    found = only(table(column(sql_type)))
    assert f"column thing: type {sql_type} cannot be archived faithfully" in found.what
    assert found.cure.startswith("ALTER TABLE public.users ALTER COLUMN thing TYPE ")


@pytest.mark.parametrize(
    ("seen", "what", "cure"),
    [
        (table(primary_key=()), "no primary key", "ALTER TABLE public.users ADD PRIMARY KEY"),
        (table(column("numeric")), "numeric without a precision", "TYPE numeric(38,9)"),
        (table(column(default="'x'::text")), "nullable with a default", "DROP DEFAULT;\nor ALTER TABLE"),
        (table(column(generated=True)), "generated: the log", "DROP EXPRESSION"),
        (table(column(name="year")), "the archive reserves the name", "RENAME COLUMN year TO year_value"),
        (table(column(name="__op")), "the archive reserves the name", "RENAME COLUMN __op TO op_value"),
        (table(column(name="firstName")), "needs quotes", 'RENAME COLUMN "firstName" TO firstname'),
        (table(name="Users"), "the name needs quotes", 'ALTER TABLE public."Users" RENAME TO users'),
        (table(schema="My Shop"), "the name needs quotes", 'ALTER SCHEMA "My Shop" RENAME TO my_shop'),
        (table(unlogged=True), "UNLOGGED", "SET LOGGED"),
        (table(inherits=True), "inherits", "NO INHERIT"),
    ],
)
def test_each_obstacle_of_a_table_is_reported_with_its_cure(seen: SeenTable, what: str, cure: str) -> None:
    found = only(seen)
    assert what in found.what
    assert cure in found.cure


def test_all_obstacles_of_a_table_are_reported_at_once() -> None:
    _, found = modelled(table(column("numeric"), column(name="Hour"), column(name="day"), primary_key=()))
    assert len(found) == 4


def test_names_are_quoted_only_where_sql_needs_it() -> None:
    assert quoted("public", "users_2") == "public.users_2"
    assert quoted("public", 'a"b') == 'public."a""b"'


def test_tables_with_the_same_archive_name_are_reported() -> None:
    columns = ecommerce.TABLES[0].columns
    plain, schema = Table(name="sales_users", columns=columns), Table(name="users", database_schema="sales", columns=columns)
    assert {found.table for found in clashes([plain, schema, ecommerce.TABLES[1]])} == {"public.sales_users", "sales.users"}
    assert clashes([plain, ecommerce.TABLES[1]]) == []
