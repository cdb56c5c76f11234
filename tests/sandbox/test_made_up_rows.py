"""Made-up rows: of every type, for every table that its model describes well enough; one that takes none is named with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import dict_row

from sandbox import made_up_rows
from sandbox.demo import change_rows
from stack.settings.archived_types import AS_TEXT, PLAIN
from stack.settings.shop import TABLES
from stack.settings.tables import Column, Table
from stack.specification.source.sql import table_sql
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

ID = Column(name="id", type="integer", identity=True)
TYPES = (
    *PLAIN,
    *(name for names in AS_TEXT.values() for name in names),
    *("varchar(1)", "varchar(64)", "char(3)", "bit(9)", "varbit(9)", "numeric(1,0)", "numeric(2,2)", "numeric(38,9)"),
    *("numeric(40,2)", "numeric(5,-2)", "numeric(2,4)", "text[]", "numeric(10,2)[]", "bytea[]", "jsonb[]"),
)
EVERY_TYPE = Table(
    name="every_type", columns=(ID, *(Column(name=f"c_{number}", type=kind, nullable=number % 2 == 0) for number, kind in enumerate(TYPES)))
)
BY_UUID = Table(
    name="tokens",
    primary_key=("token",),
    columns=(
        Column(name="token", type="uuid"),
        Column(name="code", type="varchar(8)", constraint="UNIQUE"),
        Column(name="n", type="bigint"),
    ),
)
PAIRS = Table(
    name="pairs",
    primary_key=("order_id", "token"),
    columns=(
        Column(name="order_id", type="integer", constraint="REFERENCES public.orders(id) ON DELETE CASCADE"),
        Column(name="token", type="uuid", constraint="REFERENCES tokens"),
        Column(name="rank", type="smallint", constraint="CHECK (rank BETWEEN 1 AND 5)"),
    ),
)
TREE = Table(name="tree", columns=(ID, Column(name="parent", type="integer", nullable=True, constraint="REFERENCES public.tree(id)")))
MARKS = Table(name="marks", columns=(ID,))
CHOOSY = Table(name="choosy", columns=(ID, Column(name="size", type="text", nullable=True, constraint="CHECK (size IN ('S', 'M'))")))
PICKY = Table(name="picky", columns=(ID, Column(name="size", type="varchar(1)", constraint="CHECK (size IN ('S', 'M'))")))
ALL = (*TABLES, EVERY_TYPE, BY_UUID, PAIRS, TREE, MARKS, CHOOSY, PICKY)
LOG = """
CREATE TABLE seen (name text, what text);
CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO seen VALUES (TG_TABLE_NAME, TG_OP); RETURN NULL; END';
CREATE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
"""


@pytest.fixture(scope="module", params=servers.SERVERS)
def address(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Start a database with all the tables, each with a trigger that records every change."""
    with servers.running(request.param) as server:
        server.sql(LOG)
        for table in ALL:
            server.sql(table_sql(table))
            server.sql(f"CREATE TRIGGER see AFTER INSERT OR UPDATE OR DELETE ON {table.name} FOR EACH ROW EXECUTE FUNCTION see()")
        server.sql("ALTER ROLE postgres PASSWORD 'made up'")
        yield {"host": "localhost", "port": server.port, "database": "postgres", "user": "postgres", "password": "made up"}


@pytest.fixture
def connection(address: dict[str, Any]) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    login = {key: address[key] for key in ("host", "port", "user", "password")}
    with psycopg.connect(dbname=address["database"], **login, autocommit=True, row_factory=dict_row) as made:
        made.execute("DELETE FROM seen")
        yield made


def seen(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, list[str]]:
    rows = connection.execute("SELECT name, what FROM seen").fetchall()
    return {table.name: [row["what"] for row in rows if row["name"] == table.name] for table in ALL}


@pytest.mark.full
def test_every_table_is_written_to_in_every_way_and_those_that_take_nothing_are_named(
    address: dict[str, Any], connection: psycopg.Connection[dict[str, Any]]
) -> None:
    for _again in range(3):
        refused = change_rows({"postgres": address}, ALL)
        assert list(refused) == ["public.picky"]
        assert 'violates check constraint "picky_size_check"' in refused["public.picky"]
    done = seen(connection)
    without_update = {"tree", "marks", "choosy"}
    for table in ALL:
        expected = [] if table is PICKY else ["INSERT", "DELETE", "INSERT", *([] if table.name in without_update else ["UPDATE"])]
        assert done[table.name] == 3 * expected, table.name


def test_a_row_is_full_and_the_deleted_one_had_only_what_it_needed(connection: psycopg.Connection[dict[str, Any]]) -> None:
    assert made_up_rows.change(connection, EVERY_TYPE, ALL) is None
    row = connection.execute("SELECT * FROM every_type ORDER BY id DESC LIMIT 1").fetchone()
    assert row is not None
    assert None not in row.values()


def test_a_table_that_is_not_there_is_named_and_a_lost_connection_is_an_error(connection: psycopg.Connection[dict[str, Any]]) -> None:
    absent = Table(name="absent", columns=(ID,))
    assert made_up_rows.change(connection, absent, ALL) == 'relation "public.absent" does not exist'
    connection.execute("SET idle_session_timeout = 1")
    import time  # noqa: PLC0415 - only here

    time.sleep(0.2)
    with pytest.raises(psycopg.OperationalError):
        made_up_rows.change(connection, MARKS, ALL)


@pytest.mark.parametrize("kind", TYPES)
def test_two_turns_differ(kind: str) -> None:
    column = Column(name="a", type=kind)
    assert made_up_rows.value(column, 1) != made_up_rows.value(column, 2) or kind in {"varchar(1)", "char", "char(3)"}


@pytest.mark.parametrize("kind", ["bigint", "text", "uuid", "varchar(12)", "numeric(38,9)", "bytea", "oid", "char(12)", "numeric"])
def test_unique_values_are(kind: str) -> None:
    column = Column(name="a", type=kind)
    assert len({made_up_rows.value(column, 1, unique=True) for _ in range(50)}) == 50
