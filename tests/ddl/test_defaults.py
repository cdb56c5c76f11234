"""Types and defaults as a statement writes them."""

from __future__ import annotations

import pytest

from pipeline.ddl import defaults, types
from pipeline.ddl.defaults import Kind
from pipeline.ddl.parsing import parse

SPELLED = {
    "int": "integer",
    "INT4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "character varying(20)": "varchar(20)",
    "char": "char(1)",
    "character(5)": "char(5)",
    '"char"': '"char"',
    "numeric(5)": "numeric(5,0)",
    "decimal(10, 2)": "numeric(10,2)",
    "numeric(3,-2)": "numeric(3,-2)",
    "float": "double precision",
    "float(10)": "real",
    "double precision": "double precision",
    "timestamp(3) with time zone": "timestamptz",
    "timestamp": "timestamp",
    "time(0)": "time",
    "interval day to second": "interval",
    "bit": "bit(1)",
    "bit varying(4)": "varbit(4)",
    "text[][]": "text[]",
    "int array[3]": "integer[]",
    "pg_catalog.int4": "integer",
    "serial": "integer",
    "mood": "mood",
    '"Mood"': '"Mood"',
    'far."Mood"[]': 'far."Mood"[]',
}


@pytest.mark.parametrize("written", SPELLED)
def test_a_type_has_the_spelling_of_the_table_file(written: str) -> None:
    (statement,) = parse(f"ALTER TABLE a ADD COLUMN b {written}")
    node = statement.node["cmds"][0]["AlterTableCmd"]["def"]["ColumnDef"]["typeName"]
    assert types.of_node(node).spelling == SPELLED[written]


@pytest.mark.parametrize(
    ("kind", "text", "when", "seen"),
    [
        ("integer", "5", Kind.CONSTANT, True),
        ("integer", "-5", Kind.CONSTANT, True),
        ("integer", "'7'::integer", Kind.CONSTANT, True),
        ("integer", "(1 + 1)", Kind.STABLE, False),
        ("integer", "nextval('s')", Kind.VOLATILE, True),
        ("integer", "public.mine()", Kind.UNKNOWN, True),
        ("integer", "NULL", Kind.NONE, False),
        ("text", "lower('X')", Kind.STABLE, True),
        ("text", "'a' || 'b'", Kind.STABLE, True),
        ("text[]", "'{}'", Kind.CONSTANT, False),
        ("text[]", "ARRAY['a']", Kind.CONSTANT, False),
        ("bytea", "'x'", Kind.CONSTANT, False),
        ("numeric", "1.5", Kind.CONSTANT, False),
        ("numeric(10,2)", "1.5", Kind.CONSTANT, True),
        ("date", "CURRENT_DATE", Kind.STABLE, True),
        ("date", "(CURRENT_DATE + 30)", Kind.STABLE, False),
        ("date", "'2020-01-01'::date + 1", Kind.STABLE, None),
        ("date", "now()::date", Kind.STABLE, True),
        ("date", "now()::date + 1", Kind.STABLE, False),
        ("timestamp", "CURRENT_TIMESTAMP AT TIME ZONE 'utc'", Kind.STABLE, False),
        ("timestamp", "now() AT TIME ZONE 'utc'", Kind.STABLE, True),
        ("timestamptz", "now() + interval '1 day'", Kind.STABLE, True),
        ("timestamptz", "CURRENT_TIMESTAMP", Kind.STABLE, True),
        ("integer", "floor(random() * 10)::integer", Kind.VOLATILE, True),
        ("integer", "1 + public.mine()", Kind.UNKNOWN, False),
        ("integer", 'public."Mine"()', Kind.UNKNOWN, False),
        ("integer", "COALESCE(1, 2)", Kind.STABLE, True),
        ("integer", "CASE WHEN true THEN 1 ELSE 2 END", Kind.STABLE, False),
        ("boolean", "1 > 2", Kind.STABLE, True),
        ("timestamptz", "now()", Kind.STABLE, True),
        ("timestamptz", "clock_timestamp()", Kind.VOLATILE, True),
        ("timestamptz", "'infinity'", Kind.CONSTANT, None),
        ("uuid", "gen_random_uuid()", Kind.VOLATILE, True),
        ("public.mood", "'calm'", Kind.CONSTANT, None),
        ("boolean", "no such (sql", Kind.UNKNOWN, None),
    ],
)
def test_a_default_is_evaluated_and_seen(kind: str, text: str, when: Kind, seen: bool | None) -> None:  # noqa: FBT001 - a case
    found = defaults.of_text(text, kind)
    assert (found.kind, found.seen) == (when, seen)
