"""Whatever somebody changes by hand on one side of a captured table is named, with the next step; a sound stack has no difference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from pipeline.description.running import described
from pipeline.epoch.facts import Unanswered
from pipeline.reading.stack import RunningStack
from pipeline.status import looking
from pipeline.status.facts import Archived, Brokers
from pipeline.status.levels import Level
from pipeline.status.watch import _wanted, compared
from pipeline.status.watched import Capture, Compared, Side, Subject
from stack.settings.tables import archive_columns
from stack.specification.source.sql import replica_identity, schema_sql
from tests.declared import settings_of
from tests.existing_database import server as servers
from tests.status.snapshots import seen, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.description.stack import Description

SETTINGS = settings_of("sandbox")
NAMES, TABLES = SETTINGS.names, SETTINGS.source.tables
USERS = "public.users"
AWAY = Unanswered("it is away")


@pytest.fixture
def stack() -> Description:
    """Return the stack sandbox, of which the tables count."""
    tables = [{"name": table.qualified} for table in TABLES]
    return described(RunningStack("sandbox", SETTINGS, {"postgres": {"host": "h", "port": 1}, "registry": {"url": "u"}, "tables": tables}))


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """Yield a server."""
    with servers.running(request.param) as running:
        roles = f"CREATE ROLE {NAMES.owner_role}; CREATE ROLE {NAMES.app_role}; CREATE ROLE {NAMES.debezium_role};"
        running.sql(f"{roles} CREATE ROLE reader LOGIN REPLICATION PASSWORD 'x'")
        yield running


@pytest.fixture
def database(server: servers.Server) -> servers.Server:
    """Yield the server with a fresh database, as the program makes it."""
    server.sql("DROP DATABASE IF EXISTS ecommerce WITH (FORCE)")
    server.sql(f"CREATE DATABASE ecommerce OWNER {NAMES.owner_role}")
    server.sql(schema_sql(NAMES, TABLES), "ecommerce")
    return server


def looked(server: servers.Server, stack: Description) -> Compared:
    """Return the comparison with the database alone, by a role that may read no table."""
    place = {"host": "localhost", "port": server.port, "dbname": "ecommerce", "user": "reader", "password": "x"}
    with psycopg.connect(**place, options="-c search_path=") as connection:  # type: ignore[arg-type] # libpq's own names
        return compared(stack, looking.capture(connection, stack), AWAY, {}, AWAY)


def told(found: Compared) -> list[tuple[str, str, str, Level]]:
    return [(one.table, one.side.value, one.text, one.level) for one in found.all]


def test_a_database_as_the_program_makes_it_has_no_difference(database: servers.Server, stack: Description) -> None:
    found = looked(database, stack)
    assert told(found) == []
    sides = {Side.DATABASE, Side.PUBLICATION, Side.IDENTITY}
    assert set(found.found) == {*((table.qualified, side) for table in TABLES for side in sides), (NAMES.heartbeat_table, Side.PUBLICATION)}


PUBLICATION = NAMES.publication
OTHERS = ", ".join(table.sql for table in TABLES if table.qualified != USERS)
LOST, LATE = Level.LOST, Level.LATE
FIRST_NAME = "ALTER TABLE users ALTER COLUMN first_name TYPE"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("ALTER TABLE users ADD COLUMN mood text", [("database", "has a new column mood", LATE)]),
        ("ALTER TABLE users ADD COLUMN mood money", [("database", "has a new column mood", LATE)]),
        ("ALTER TABLE users DROP COLUMN first_name", [("database", "has no column first_name", LOST)]),
        (
            "ALTER TABLE users RENAME COLUMN first_name TO called",
            [("database", "has no column first_name", LOST), ("database", "has a new column called", LATE)],
        ),
        (
            f"{FIRST_NAME} varchar(40)",
            [("database", "is varchar(40) and not varchar(100)", LOST)],
        ),
        ("ALTER TABLE users ALTER COLUMN first_name DROP NOT NULL", [("database", "first_name allows NULL", LATE)]),
        (
            f"CREATE SCHEMA far; CREATE DOMAIN far.code AS int; CREATE DOMAIN code AS varchar(100); {FIRST_NAME} code",
            [("database", "the domain public.code shares its name with far.code", LOST)],
        ),
        ("ALTER TABLE users REPLICA IDENTITY DEFAULT", [("replica identity", "public.users is not FULL", LOST)]),
        (f"ALTER PUBLICATION {PUBLICATION} DROP TABLE users", [("publication", "lacks public.users", LOST)]),
        (
            f"ALTER PUBLICATION {PUBLICATION} SET TABLE users WHERE (id > 5), {OTHERS}, {NAMES.heartbeat_table}",
            [("publication", "row filter or a column list", LOST)],
        ),
        (
            f"ALTER PUBLICATION {PUBLICATION} SET TABLE users (id, email), {OTHERS}, {NAMES.heartbeat_table}",
            [("publication", "row filter or a column list", LOST)],
        ),
        (
            "DROP TABLE users CASCADE; CREATE TABLE users (LIKE copied INCLUDING ALL)",
            [("publication", "lacks public.users", LOST), ("replica identity", "public.users is not FULL", LOST)],
        ),
    ],
)
def test_what_somebody_does_to_a_table_is_named(
    statement: str, expected: list[tuple[str, str, Level]], database: servers.Server, stack: Description
) -> None:
    database.sql(f"CREATE TABLE copied (LIKE users INCLUDING ALL); {statement}", "ecommerce")
    found = told(looked(database, stack))
    assert [(table, side, level) for table, side, _, level in found] == [(USERS, side, level) for side, _, level in expected]
    assert all(text in one[2] for one, (_, text, _) in zip(found, expected, strict=True)), found


def test_a_table_that_is_gone_and_a_publication_that_is_gone_are_named(database: servers.Server, stack: Description) -> None:
    database.sql("DROP TABLE users CASCADE", "ecommerce")
    assert [one[1:] for one in told(looked(database, stack))] == [
        ("database", "the database has no table public.users", LOST),
        ("publication", f"the publication {PUBLICATION} lacks public.users", LOST),
    ]
    database.sql(f"DROP PUBLICATION {PUBLICATION}", "ecommerce")
    found = looked(database, stack)
    assert {one.table for one in found.all if one.side is Side.PUBLICATION} == {table.qualified for table in TABLES}
    assert {one.next.split()[1] for one in found.all if one.side is Side.PUBLICATION} == {"PUBLICATION"}


def test_operations_and_tables_of_the_publication_are_compared(database: servers.Server, stack: Description) -> None:
    database.sql(f"ALTER PUBLICATION {PUBLICATION} SET (publish = 'insert, update')", "ecommerce")
    texts = {one[2] for one in told(looked(database, stack))}
    assert texts == {f"the publication {PUBLICATION} does not publish delete, truncate"}
    database.sql(f"ALTER PUBLICATION {PUBLICATION} SET (publish = 'insert, update, delete, truncate')", "ecommerce")
    database.sql(f"CREATE TABLE other (id int PRIMARY KEY); ALTER PUBLICATION {PUBLICATION} ADD TABLE other", "ecommerce")
    database.sql(f"ALTER PUBLICATION {PUBLICATION} DROP TABLE {NAMES.heartbeat_table}", "ecommerce")
    found = told(looked(database, stack))
    assert [(one[0], one[3]) for one in found] == [(NAMES.heartbeat_table, LATE)] * 2, "no row is lost by either"


def test_the_statement_that_comes_next_ends_the_difference(database: servers.Server, stack: Description) -> None:
    database.sql(f"ALTER PUBLICATION {PUBLICATION} SET TABLE users; ALTER TABLE orders REPLICA IDENTITY NOTHING", "ecommerce")
    cures = {one.next for one in looked(database, stack).all}
    assert replica_identity("public.orders") in cures
    for cure in cures:
        database.sql(cure, "ecommerce")
    assert told(looked(database, stack)) == []


def subjects(stack: Description, **changed: Any) -> dict[str, Subject | None]:
    """Return the subjects of a sound registry, those of users with changes: ``key`` or ``value`` to a function of the subject."""
    found: dict[str, Subject | None] = {}
    for table in stack.tables:
        for name, schema in _wanted(stack.names.topic(table), table).items():
            subject = Subject(schema, "FULL")
            change = changed.get(name.rpartition("-")[2]) if table.qualified == USERS else None
            found[name] = change(subject) if change else subject
    return found


TOPIC = NAMES.topic(next(table for table in TABLES if table.qualified == USERS))
WRITTEN = Brokers(there=3, expected=3, ends={(TOPIC, 0): 7})


def fields(subject: Subject, change: Any) -> Subject:
    return replace(subject, schema={**subject.schema, "fields": change(list(subject.schema["fields"]))})


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"value": lambda _: None}, f"no subject {TOPIC}-value, and the topic has records"),
        ({"key": lambda _: None}, f"no subject {TOPIC}-key, and the topic has records"),
        ({"value": lambda one: replace(one, level="NONE")}, f"the level of the subject {TOPIC}-value is NONE and not FULL"),
        ({"value": lambda one: fields(one, lambda all_: all_[1:])}, f"the schema of {TOPIC}-value has no field id"),
        (
            {"value": lambda one: fields(one, lambda all_: [{"name": "id", "type": "string"}, *all_[1:]])},
            f"the field id of {TOPIC}-value is string and not",
        ),
        (
            {"key": lambda one: fields(one, lambda all_: [{**all_[0], "type": ["null", all_[0]["type"]]}])},
            f"the field id of {TOPIC}-key allows null",
        ),
    ],
)
def test_what_somebody_does_to_the_registry_is_named(changed: dict[str, Any], text: str, stack: Description) -> None:
    assert compared(stack, AWAY, subjects(stack), {}, WRITTEN).all == ()
    (one,) = compared(stack, AWAY, subjects(stack, **changed), {}, WRITTEN).all
    assert (one.table, one.side, one.level) == (USERS, Side.REGISTRY, LATE)
    assert text in one.text


def test_a_table_without_a_row_needs_no_schema_and_an_existing_registry_no_level(stack: Description) -> None:
    nothing: dict[str, Subject | None] = dict.fromkeys(subjects(stack))
    assert compared(stack, AWAY, nothing, {}, replace(WRITTEN, ends={})).all == ()
    assert compared(stack, AWAY, nothing, {}, AWAY).all == ()
    lower = subjects(stack, value=lambda one: replace(one, level="BACKWARD"))
    assert compared(replace(stack, level=None), AWAY, lower, {}, WRITTEN).all == ()


def test_what_the_converter_notes_for_itself_is_no_difference(stack: Description) -> None:
    def noted(all_: list[Any]) -> list[Any]:
        return [{**one, "type": {"type": one["type"], "connect.version": 1}} if one["type"] == "string" else one for one in all_]

    assert compared(stack, AWAY, subjects(stack, value=lambda one: fields(one, noted)), {}, WRITTEN).all == ()


def archive(stack: Description, users: Mapping[str, str] | None = None) -> dict[str, Archived]:
    """Return the archived tables, that of users with other columns."""
    plain = Archived(epoch=1, rows=0, files=0, committed=None)
    sound = {table.qualified: replace(plain, columns=dict(archive_columns(table))) for table in stack.tables}
    return {**sound, **({USERS: replace(plain, columns=users)} if users is not None else {})}


def test_what_somebody_does_to_an_archived_table_is_named(stack: Description) -> None:
    assert compared(stack, AWAY, AWAY, archive(stack), AWAY).all == ()
    sound = dict(archive(stack)[USERS].columns)
    changes = {
        "the archived table users has no column email": {name: kind for name, kind in sound.items() if name != "email"},
        "the column email of the archived table users is int and not string": {**sound, "email": "int"},
        "the column email of the archived table users is required string and not string": {**sound, "email": "required string"},
    }
    for text, columns in changes.items():
        (one,) = compared(stack, AWAY, AWAY, archive(stack, users=columns), AWAY).all
        assert (one.table, one.side, one.level) == (USERS, Side.ARCHIVE, LOST)
        assert one.text.startswith(text)
    further = archive(stack, users={**sound, "once": "string"})
    assert compared(stack, AWAY, AWAY, further, AWAY).all == (), "a column that the source has dropped stays"


def test_what_cannot_be_asked_is_not_compared(stack: Description) -> None:
    found = compared(stack, AWAY, AWAY, {USERS: AWAY}, AWAY)
    assert (found.found, found.unasked) == ({}, AWAY)


def test_a_difference_is_a_concern_a_line_of_json_and_a_figure(stack: Description) -> None:
    found = compared(stack, Capture(publication=None, tables={}), subjects(stack), archive(stack), WRITTEN)
    view = seen(snapshot(compared=found))
    assert view.level is LOST
    assert any("has no table public.users" in one.text and one.next for one in view.concerns)
    listed = view.as_json()["disagreements"]
    assert {"table": USERS, "between": "database", "level": "lost"}.items() <= listed[0].items()


def test_a_field_of_a_column_that_is_dropped_again_is_no_difference(stack: Description) -> None:
    """The newest version of the schema keeps it: the source goes back to an earlier one, which the registry has already."""
    kept = subjects(stack, value=lambda one: fields(one, lambda all_: [*all_, {"name": "mood", "type": "string"}]))
    assert compared(stack, AWAY, kept, {}, WRITTEN).all == ()
