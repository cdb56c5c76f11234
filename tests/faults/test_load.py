"""The load's books are what PostgreSQL's own log says, also when the server crashes under it and commits are in doubt."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from sandbox.faults.books import TABLES, Arrival, Books, Change
from sandbox.faults.load import Load, load, remove
from sandbox.faults.rows import MOVED
from stack.settings.shop import TABLES as MODELS
from stack.specification.source.sql import table_sql
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.server import Server

PASSWORD = "made-up"
TOUCH = "CREATE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at = now(); RETURN NEW; END'"
SECONDS = 2.5
PATIENCE_S = 120.0
LINE = re.compile(r"table public\.(\w+): (INSERT|UPDATE|DELETE): (.*)", re.DOTALL)
PLACES = {"users": "last_name", "products": "stock_quantity", "orders": "total_amount", "order_items": "unit_price"}


@pytest.fixture(params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Run a server with the example tables and a slot of PostgreSQL's own decoding."""
    with servers.running(request.param) as running:
        running.configure("wal_level = logical\nfsync = on\nsynchronous_commit = on\n")
        tables = "\n".join(table_sql(table) for table in MODELS)
        grants = "GRANT ALL ON ALL TABLES IN SCHEMA public TO app;"
        running.sql(f"CREATE ROLE app LOGIN PASSWORD '{PASSWORD}';\n{TOUCH};\n{tables}\n{grants}")
        running.sql("SELECT pg_create_logical_replication_slot('test', 'test_decoding')")
        yield running


def outputs(server: Server) -> dict[str, Any]:
    return {"postgres": {"host": "localhost", "port": server.port, "user": "app", "password": PASSWORD, "database": "postgres"}}


def logged(server: Server) -> Iterator[Arrival]:
    """Return the changes of the server's log, as the archive would hold them."""
    rows = server.sql("SELECT lsn - '0/0'::pg_lsn, data FROM pg_logical_slot_get_changes('test', NULL, NULL, 'skip-empty-xacts', '1')")
    for place, row in enumerate(rows.splitlines()):
        position, _, text = row.partition("|")
        found = LINE.match(text)
        if found is None:
            continue
        table, operation, tuples = found.groups()
        before, _, after = tuples.rpartition("new-tuple: ")
        versions = [version(table, part) for part in (before, after) if part]
        keys = [int(re.search(r"\bid\[integer\]:(\d+)", part)[1]) for part in (before, after) if part]  # type: ignore[index]
        life = {"INSERT": "c", "UPDATE": "u", "DELETE": "d"}[operation]
        events = [(life, versions[-1], keys[-1])]
        if operation == "UPDATE" and keys[0] != keys[1]:
            events = [("d", versions[0], keys[0]), ("c", versions[1], keys[1])]
        for letter, number, key in events:
            row_number = key - MOVED if key >= MOVED else key
            yield Arrival(Change(table, row_number, letter, number), bool(text), int(position), key, 0, place)


def version(table: str, text: str) -> int:
    found = re.search(rf"{PLACES[table]}\[[^:]*\]:'?(\d+)", text)
    assert found, text
    return int(found[1])


def prove(server: Server, books: Books) -> None:
    arrived = list(logged(server))
    assert len(arrived) == books.committed
    fence = books.fence()
    books.arrive(arrived)
    assert books.verdict(books.behind(fence)).wrong == {}


def test_the_books_are_the_servers_own_log(server: Server) -> None:
    books = Books()
    with load(1, lambda: outputs(server), books, 3000) as writers:
        time.sleep(SECONDS)
        writers.settle(PATIENCE_S)
    assert books.committed > 3000
    assert {change.rpartition(",")[0] or change for change in writers.kinds} >= {"insert", "update", "delete", "copy"}
    prove(server, books)
    assert remove(outputs(server)) > 0
    assert server.sql("SELECT " + " + ".join(f"(SELECT count(*) FROM {table})" for table in TABLES)) == "0"


@pytest.mark.full
def test_commits_in_doubt_are_settled_after_crashes(server: Server) -> None:
    books = Books()
    with load(2, lambda: outputs(server), books, 3000) as writers:
        for _ in range(4):
            time.sleep(0.7)
            server.stop()
            server.start()
        time.sleep(0.5)
        writers.settle(PATIENCE_S)
        assert_all_write(writers)
    prove(server, books)


def test_a_commit_whose_answer_is_lost_counts_if_the_server_has_it(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, turns = psycopg.Connection.commit, itertools.count()

    def unsure(connection: psycopg.Connection[Any]) -> None:
        turn = next(turns)
        if turn % 5 == 1:
            commit(connection)
        if turn % 5 in {1, 2}:
            message = "the answer was lost"
            raise psycopg.OperationalError(message)
        commit(connection)

    books = Books()
    with load(3, lambda: outputs(server), books, 3000) as writers:
        monkeypatch.setattr(psycopg.Connection, "commit", unsure)
        time.sleep(SECONDS)
        monkeypatch.undo()
        writers.settle(PATIENCE_S)
    assert min(writers.in_doubt) > 0, "some were committed after all, and some were not"
    prove(server, books)


def assert_all_write(writers: Load) -> None:
    assert [writer.broken for writer in writers.writers] == [None] * len(writers.writers)
    assert all(writer.kinds for writer in writers.writers)
