"""Changes of a schema between the changes of rows: read by a source that runs meanwhile, and by one that starts only afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from stack.configs.classes import ARCHIVED_NAMES
from stack.configs.session import SOURCE
from tests.existing_database.server import running
from tests.images.source_task import CONVERTED, NULL, PASSWORD, Source, forget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.existing_database.server import Server
    from tests.images.source_task import Change

pytestmark = pytest.mark.sandbox

KEYS = {**CONVERTED, **SOURCE, "tombstones.on.delete": "false"}
COLUMNS = "id integer PRIMARY KEY, a integer NOT NULL DEFAULT 1, b text, c numeric(10,2)"


@dataclass(frozen=True)
class Cell:
    """A change of a table's schema: statements for the table ``{}`` before, at and after it, and what arrives of each row in order.

    Attributes:
        before: Changes of rows before it, each of which gives one change.
        change: The change.
        after: Changes of rows after it, each of which gives one change.
        rows: Of each change, the values of some columns; its key under ``key``.
        columns: Columns of the table.
    """

    before: tuple[str, ...]
    change: str
    after: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]
    columns: str = COLUMNS


CELLS = {
    "added": Cell(
        ("INSERT INTO {} (id, b) VALUES (2, 'x')",),
        "ALTER TABLE {} ADD d integer NOT NULL DEFAULT 5, ADD e integer",
        ("INSERT INTO {} (id) VALUES (3)", "UPDATE {} SET a = 9 WHERE id = 2"),
        ({"id": "2", "b": "x"}, {"id": "3", "d": "5", "e": NULL}, {"id": "2", "a": "9", "b": "x", "d": "5", "e": NULL}),
    ),
    "dropped": Cell(
        ("INSERT INTO {} (id, b) VALUES (2, 'x')",),
        "ALTER TABLE {} DROP b",
        ("INSERT INTO {} (id) VALUES (3)",),
        ({"id": "2", "b": "x"}, {"id": "3"}),
    ),
    "renamed": Cell(
        ("INSERT INTO {} (id, b) VALUES (2, 'x')",),
        "ALTER TABLE {} RENAME b TO d",
        ("INSERT INTO {} (id, d) VALUES (3, 'y')",),
        ({"id": "2", "b": "x"}, {"id": "3", "d": "y"}),
    ),
    "nullable": Cell(
        ("INSERT INTO {} (id, a) VALUES (2, 7)",),
        "ALTER TABLE {} ALTER a DROP DEFAULT, ALTER a DROP NOT NULL",
        ("INSERT INTO {} (id, a) VALUES (3, NULL)",),
        ({"id": "2", "a": "7"}, {"id": "3", "a": NULL}),
    ),
    "not_null": Cell(
        ("INSERT INTO {} (id, b) VALUES (2, 'x')", "UPDATE {} SET b = 'y' WHERE id = 1"),
        "ALTER TABLE {} ALTER b SET NOT NULL",
        ("INSERT INTO {} (id, b) VALUES (3, '')",),
        ({"id": "2", "b": "x"}, {"id": "1", "b": "y"}, {"id": "3", "b": ""}),
    ),
    "widened": Cell(
        ("INSERT INTO {} (id, a) VALUES (2, 7)",),
        "ALTER TABLE {} ALTER a TYPE bigint",
        ("INSERT INTO {} (id, a) VALUES (3, 5000000000)",),
        ({"id": "2", "a": "7"}, {"id": "3", "a": "5000000000"}),
    ),
    "as_text": Cell(
        ("INSERT INTO {} (id, a) VALUES (2, 7)",),
        "ALTER TABLE {} ALTER a DROP DEFAULT, ALTER a TYPE text",
        ("INSERT INTO {} (id, a) VALUES (3, '007')",),
        ({"id": "2", "a": "7"}, {"id": "3", "a": "007"}),
    ),
    "scaled": Cell(
        ("INSERT INTO {} (id, c) VALUES (2, 1.25)",),
        "ALTER TABLE {} ALTER c TYPE numeric(12,4)",
        ("INSERT INTO {} (id, c) VALUES (3, 1.2345)",),
        ({"id": "2", "c": "1.25"}, {"id": "3", "c": "1.2345"}),
    ),
    "rounded": Cell(
        ("INSERT INTO {} (id, c) VALUES (2, 1.25)",),
        "ALTER TABLE {} ALTER c TYPE numeric(10,1)",
        ("INSERT INTO {} (id, c) VALUES (3, 1.3)",),
        ({"id": "2", "c": "1.25"}, {"id": "3", "c": "1.3"}),
    ),
    "defaulted": Cell(
        ("INSERT INTO {} (id) VALUES (2)",),
        "ALTER TABLE {} ALTER a SET DEFAULT 77",
        ("INSERT INTO {} (id) VALUES (3)",),
        ({"id": "2", "a": "1"}, {"id": "3", "a": "77"}),
    ),
    "labelled": Cell(
        ("INSERT INTO {} (id, b) VALUES (2, 'calm')",),
        "ALTER TYPE public.mood RENAME VALUE 'calm' TO 'quiet'",
        ("INSERT INTO {} (id, b) VALUES (3, 'quiet')",),
        ({"id": "2", "b": "calm"}, {"id": "3", "b": "quiet"}),
        "id integer PRIMARY KEY, b public.mood",
    ),
    "detached": Cell(
        ("INSERT INTO {} VALUES (2, 'x')",),
        "ALTER TABLE {} DETACH PARTITION public.part_1",
        ("INSERT INTO {} VALUES (12, 'y')",),
        ({"id": "2", "b": "x"}, {"id": "12", "b": "y"}),
        "id integer PRIMARY KEY, b text) PARTITION BY RANGE (id",
    ),
    "attached": Cell(
        ("INSERT INTO {} VALUES (2, 'x')",),
        "CREATE TABLE public.later (b text, id integer NOT NULL); ALTER TABLE public.later REPLICA IDENTITY FULL; "
        "INSERT INTO public.later VALUES ('unsent', 20); ALTER TABLE {} ATTACH PARTITION public.later FOR VALUES FROM (20) TO (30)",
        ("INSERT INTO {} VALUES (22, 'z')", "UPDATE {} SET b = 'w' WHERE id = 20"),
        ({"id": "2", "b": "x"}, {"id": "22", "b": "z"}, {"id": "20", "b": "w"}),
        "id integer PRIMARY KEY, b text) PARTITION BY RANGE (id",
    ),
}
PARTS = "".join(
    f"CREATE TABLE public.part_{number} PARTITION OF public.{name} FOR VALUES FROM ({first}) TO ({first + 10}); "
    f"ALTER TABLE public.part_{number} REPLICA IDENTITY FULL;"
    for number, (name, first) in enumerate([("detached", 10), ("detached", 0), ("attached", 0)])
)


@pytest.fixture(scope="module")
def started() -> Iterator[Server]:
    """Return a server."""
    with running("image") as there:
        there.configure("wal_level = logical\n")
        there.sql(f"CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';")
        yield there


@pytest.fixture
def server(started: Server) -> Iterator[Server]:
    """Return the server with nothing in it but an enum."""
    started.sql("CREATE TYPE public.mood AS ENUM ('calm');")
    yield started
    forget(started, "public")


def prepare(server: Server, tables: Mapping[str, str], more: str = "") -> dict[str, str]:
    """Create captured tables, and return the keys of their source."""
    for name, columns in tables.items():
        server.sql(f"CREATE TABLE public.{name} ({columns}); ALTER TABLE public.{name} REPLICA IDENTITY FULL;")
    names = ", ".join(f"public.{name}" for name in tables)
    server.sql(
        f"{more} GRANT SELECT ON ALL TABLES IN SCHEMA public TO capture; SELECT pg_create_logical_replication_slot('slot', 'pgoutput'); "
        f"CREATE PUBLICATION publication FOR TABLE {names} WITH (publish_via_partition_root = true);"
    )
    server.sql("".join(f"INSERT INTO public.{name} (id) VALUES (1);" for name in tables))
    return {**KEYS, "table.include.list": names.replace(" ", "")}


def seen(changes: list[Change], cells: Mapping[str, Cell]) -> dict[str, tuple[dict[str, str], ...]]:
    """Return what arrived of each cell, with the columns that it tells of."""
    rows = {name: iter(cell.rows) for name, cell in cells.items()}
    found: dict[str, tuple[dict[str, str], ...]] = dict.fromkeys(cells, ())
    for change in changes:
        name = change.topic.rpartition(".")[2]
        wanted = next(rows[name], {})
        found[name] += ({column: change.after.get(column, "nothing") for column in wanted},)
    return found


@pytest.mark.parametrize("meanwhile", ["runs", "starts afterwards"])
def test_every_row_arrives_as_it_was_when_it_was_written(server: Server, class_path: str, tmp_path: Path, meanwhile: str) -> None:
    keys = prepare(server, {name: cell.columns for name, cell in CELLS.items()}, PARTS)
    before = "".join(f"{statement.format(f'public.{name}')};" for name, cell in CELLS.items() for statement in cell.before)
    after = "".join(f"{statement.format(f'public.{name}')};" for name, cell in CELLS.items() for statement in (cell.change, *cell.after))
    first, second = (
        sum(len(part) for part in parts) for parts in zip(*((cell.before, cell.after) for cell in CELLS.values()), strict=True)
    )
    source = Source(server, class_path, tmp_path, keys)
    if meanwhile == "runs":
        with source.running() as following:
            following(len(CELLS))
            server.sql(before)
            changes = following(first)
            server.sql(after)
            changes += following(second)
    else:
        source.changes(len(CELLS))
        server.sql(before + after)
        changes = source.changes(first + second)
    assert seen(changes, CELLS) == {name: cell.rows for name, cell in CELLS.items()}


@pytest.mark.parametrize("meanwhile", ["runs", "starts afterwards"])
def test_a_new_key_is_that_of_the_changes_after_it_and_of_earlier_ones_that_a_start_has_still_to_read(
    server: Server, class_path: str, tmp_path: Path, meanwhile: str
) -> None:
    source = Source(server, class_path, tmp_path, prepare(server, {"marks": COLUMNS}))
    insert, change = (
        "INSERT INTO public.marks VALUES ({0}, {0}0);",
        "ALTER TABLE public.marks DROP CONSTRAINT marks_pkey, ADD PRIMARY KEY (a);",
    )
    if meanwhile == "runs":
        with source.running() as following:
            following(1)
            server.sql(insert.format(2))
            changes = following(1)
            server.sql(change + insert.format(3))
            changes += following(1)
    else:
        source.changes(1)
        server.sql(insert.format(2) + change + insert.format(3))
        changes = source.changes(2)
    old = {"runs": "Struct{id=2}", "starts afterwards": "Struct{a=20}"}[meanwhile]
    assert [(one.key, one.after["id"], one.after["a"]) for one in changes] == [(old, "2", "20"), ("Struct{a=30}", "3", "30")]


# Types of Debezium's own converters, and of the image's
NULLABLE = {
    "a": "integer",
    "b": "text",
    "c": "boolean",
    "d": "timestamptz",
    "e": "double precision",
    "j": "uuid",
    "k": "bytea",
    "f": "date",
    "g": "timestamp",
    "h": "numeric(10,2)",
    "i": "text[]",
}


def test_a_null_from_before_set_not_null_stays_null_where_the_source_starts_afterwards(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    """Debezium asks the database what a column allows, and would write the default, 0, an empty text or 1970."""
    columns = "".join(f", {name} {kind}" for name, kind in NULLABLE.items())
    keys = prepare(server, {"marks": f"id integer PRIMARY KEY{columns}"})
    source = Source(server, class_path, tmp_path, {**keys, "transforms": "names", "transforms.names.type": ARCHIVED_NAMES})
    source.changes(1)
    server.sql("DELETE FROM public.marks; INSERT INTO public.marks (id) VALUES (2); DELETE FROM public.marks;")
    server.sql(f"ALTER TABLE public.marks {', '.join(f'ALTER {name} SET NOT NULL' for name in NULLABLE)};")
    server.sql("INSERT INTO public.marks VALUES (3, 1, 'x', false, now(), 1, gen_random_uuid(), '', '2026-01-02', now(), 1, '{}');")
    _first, inserted, deleted, later = source.changes(4)
    nulls = dict.fromkeys(NULLABLE, NULL)
    assert [{name: row[name] for name in NULLABLE} for row in (inserted.after, deleted.before)] == [nulls, nulls]
    shown = {"a": "1", "b": "x", "c": "false", "e": "1.0", "h": "1.00", "i": "{}"}
    assert {name: later.after[name] for name in shown} == shown
    assert NULL not in later.after.values()


def test_values_before_a_change_of_type_are_read_as_the_new_type_or_stop_the_source_where_it_starts_afterwards(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    """As above; a table that is dropped and created again is the same to the source."""
    source = Source(server, class_path, tmp_path, prepare(server, {"marks": COLUMNS}))
    source.changes(1)
    server.sql("INSERT INTO public.marks (id, b) VALUES (2, '007'); ALTER TABLE public.marks ALTER b TYPE integer USING b::integer;")
    (read,) = source.rows(1)
    assert read["b"] == "7"
    server.sql("ALTER TABLE public.marks ALTER b TYPE text; INSERT INTO public.marks (id, b) VALUES (3, 'x'); DROP TABLE public.marks;")
    server.sql(
        "CREATE TABLE public.marks (id integer PRIMARY KEY, b integer); ALTER TABLE public.marks REPLICA IDENTITY FULL; "
        "GRANT SELECT ON public.marks TO capture; ALTER PUBLICATION publication ADD TABLE public.marks;"
    )
    assert 'NumberFormatException: For input string: "x"' in source.failure()
    server.sql("ALTER TABLE public.marks ALTER b TYPE text;")
    (read,) = source.rows(1)
    assert (read["id"], read["b"]) == ("3", "x")
