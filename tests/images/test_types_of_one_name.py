"""Types that share a name in two schemas: those that Debezium takes for another are left out, and all others arrive as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.session import SOURCE
from tests.existing_database.server import running
from tests.images.source_task import CONVERTED, PASSWORD, Source, forget
from tests.images.test_type_matrix import CAPTURED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

KEYS = {**CONVERTED, **SOURCE, "tombstones.on.delete": "false"}
# Of each pair, the type of a column, one of its values, and the type of its name in another schema
HARMLESS = {
    "same": ("DOMAIN far.same AS integer", "7", "DOMAIN near.same AS integer CHECK (VALUE > 0)"),
    "text": ("DOMAIN far.text_ AS char(5)", "007  ", "DOMAIN near.text_ AS citext"),
    "tag": ("DOMAIN far.tag AS varchar(5)", "007", "TABLE near.tag (a integer)"),
    "list": ("DOMAIN far.list AS integer[]", "{7}", "DOMAIN near.list AS text[]"),
    "scale": ("DOMAIN far.scale AS numeric(12,4)", "7.1234", "DOMAIN near.scale AS numeric(10,2)"),
    "mood": ("TYPE far.mood AS ENUM ('007')", "007", "TYPE near.mood AS ENUM ('calm')"),
    "state": ("TYPE far.state AS ENUM ('007')", "007", "DOMAIN near.state AS integer"),
    "day": ("TYPE far.day AS ENUM ('2026')", "2026", "DOMAIN near.day AS date"),
    "pair": ("TYPE far.pair AS (a text)", "(007)", "DOMAIN near.pair AS bytea"),
    "size": ("TYPE far.size AS RANGE (subtype = float8)", "[7,8)", "DOMAIN near.size AS boolean"),
    "label": ("TYPE far.label AS ENUM ('x')", "x", "TABLE near.label (a integer)"),
    "codes": ("DOMAIN far.code AS varchar(5)", "{007}", "DOMAIN near.code AS integer"),
}
TYPES = {"text": "far.text_", "codes": "far.code[]"}


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    """Return a server."""
    with running("image") as there:
        there.configure("wal_level = logical\n")
        there.sql(f"CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';")
        there.sql("CREATE SCHEMA extensions; GRANT USAGE ON SCHEMA extensions TO PUBLIC;")
        there.sql("CREATE EXTENSION citext SCHEMA extensions;")
        there.sql("ALTER DATABASE postgres SET search_path = public, extensions;")
        yield there


@pytest.fixture
def server(started: Server) -> Iterator[Server]:
    """Return the server with two empty schemas."""
    started.sql("CREATE SCHEMA IF NOT EXISTS far; CREATE SCHEMA IF NOT EXISTS near;")
    yield started
    forget(started, "public", "far", "near")


@pytest.mark.parametrize("first", ["far", "near"])
def test_types_of_one_name_whose_values_debezium_reads_in_one_way_arrive_as_they_are(
    server: Server, class_path: str, tmp_path: Path, first: str
) -> None:
    for own, _, other in HARMLESS.values():
        server.sql("".join(f"CREATE {one};" for one in ((own, other) if first == "far" else (other, own))))
    columns = ", ".join(f"{name} {TYPES.get(name, f'far.{name}')}" for name in HARMLESS)
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, {columns}); {CAPTURED}")
    values = ", ".join(f"'{value}'" for _, value, _ in HARMLESS.values())
    server.sql(f"INSERT INTO public.marks VALUES (1, {values});")
    source = Source(server, class_path, tmp_path, KEYS)
    (read,) = source.rows(1)
    server.sql(f"INSERT INTO public.marks VALUES (2, {values}); DELETE FROM public.marks WHERE id = 2;")
    inserted, deleted = source.changes(2)
    told = {name: value for name, (_, value, _) in HARMLESS.items()}
    for row in (read, inserted.after, deleted.before):
        assert {name: row[name] for name in told} == told


def test_a_domain_that_shares_its_name_with_one_of_other_values_changes_in_silence(server: Server, class_path: str, tmp_path: Path) -> None:
    """Reason to leave such a column out: a later version of Debezium may know better, and this test fails."""
    server.sql("CREATE DOMAIN far.code AS integer; CREATE DOMAIN near.code AS varchar(9);")
    server.sql("CREATE DOMAIN far.answer AS boolean; CREATE DOMAIN near.answer AS text;")
    server.sql("CREATE TABLE far.digest (id integer); CREATE DOMAIN near.digest AS bytea;")
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, code near.code, answer near.answer, digest near.digest); {CAPTURED}")
    values = "'007', 'maybe', '\\x00ff'"
    server.sql(f"INSERT INTO public.marks VALUES (1, {values});")
    source = Source(server, class_path, tmp_path, KEYS)
    (read,) = source.rows(1)
    server.sql(f"INSERT INTO public.marks VALUES (2, {values});")
    (changed,) = source.rows(1)
    assert (read["code"], read["answer"], read["digest"]) == ("007", "maybe", "\\x00ff")
    assert (changed["code"], changed["answer"], changed["digest"]) == ("7", "false", "\\x5c7830306666")


def test_a_domain_that_shares_its_name_with_a_table_stops_the_source(server: Server, class_path: str, tmp_path: Path) -> None:
    server.sql("CREATE TABLE far.price (id integer); CREATE DOMAIN near.price AS numeric(10,2);")
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, price near.price); {CAPTURED}")
    source = Source(server, class_path, tmp_path, KEYS)
    server.sql("INSERT INTO public.marks VALUES (1, 7.10);")
    (read,) = source.rows(1)
    assert read["price"] == "7.10"
    server.sql("INSERT INTO public.marks VALUES (2, 7.10);")
    assert "public.marks.price" in source.failure()


LEFT_OUT = {
    "money": "$1.00",
    "point": "(1,2)",
    "box": "(2,2),(1,1)",
    "refcursor": "x",
}


def test_a_column_that_is_left_out_changes_nothing_for_the_others(server: Server, class_path: str, tmp_path: Path) -> None:
    out = {f"out{number}": (kind, value) for number, (kind, value) in enumerate(LEFT_OUT.items())}
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in out.items())
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, {columns}, note text, places point[]); {CAPTURED}")
    values = ", ".join(f"'{value}'" for _, value in out.values())
    insert = f"INSERT INTO public.marks VALUES (%d, {values}, 'né', '{{}}');"
    server.sql(insert % 1)
    excluded = ",".join(f"public.marks.{name}" for name in [*out, "places"])
    source = Source(server, class_path, tmp_path, {**KEYS, "column.exclude.list": excluded})
    (read,) = source.rows(1)
    server.sql(f"{insert % 2} UPDATE public.marks SET note = 'x', out0 = '$2' WHERE id = 2; DELETE FROM public.marks WHERE id = 2;")
    inserted, updated, deleted = source.changes(3)
    assert (read, inserted.after) == ({"id": "1", "note": "né"}, {"id": "2", "note": "né"})
    assert (updated.before, updated.after) == ({"id": "2", "note": "né"}, {"id": "2", "note": "x"})
    assert deleted.before == {"id": "2", "note": "x"}
