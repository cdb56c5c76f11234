"""The log of a real PostgreSQL server, as the audit reads it: every kind of change, nothing of what was rolled back, no slot left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from pipeline.audit.canonical import compared
from pipeline.audit.log_side import LogSide
from pipeline.audit.subject import Subject
from pipeline.description.stack import Login, UnansweredError
from providers.waiting import Patience
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

KINDS = (
    ("id", "int"),
    ("name", "string"),
    ("price", "decimal(12, 2)"),
    ("big", "string"),
    ("at", "timestamptz"),
    ("local", "timestamp"),
    ("born", "date"),
    ("single", "float"),
    ("yes", "boolean"),
    ("__op", "string"),
)
SUBJECT = Subject("public.things", "things", "postgres.public.things", compared(KINDS), ("id",))
TABLES = """
CREATE TABLE things (id int PRIMARY KEY, name text, price numeric(12,2), big text, at timestamptz, local timestamp, born date, single real,
  yes boolean, extra text);
ALTER TABLE things REPLICA IDENTITY FULL;
ALTER TABLE things ALTER big SET STORAGE EXTERNAL;
CREATE TABLE others (id int PRIMARY KEY);
CREATE PUBLICATION all_of_it FOR TABLE things, others;
CREATE ROLE watcher LOGIN REPLICATION PASSWORD 'word';
"""


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return a server whose log can be read logically."""
    with servers.running(request.param) as running:
        running.configure("wal_level = logical\nmax_prepared_transactions = 5\n")
        running.sql(TABLES)
        yield running


@pytest.fixture(autouse=True)
def empty(server: Server) -> None:
    """Begin with an empty table."""
    server.sql("TRUNCATE things")


def login(server: Server, password: str = "word") -> Login:  # noqa: S107 - of a server for a few seconds
    place = {"host": "localhost", "port": server.port, "dbname": "postgres", "sslmode": "require"}
    return Login({**place, "user": "watcher", "password": password})


def listened(server: Server, folder: Path, script: str) -> tuple[LogSide, list[dict[str, Any]]]:
    """Run SQL while the log is read, and return what was read."""
    side = LogSide(login(server), "all_of_it", [SUBJECT], folder)
    server.sql(script)
    side.listen(Patience(0), 30)
    side.close(Patience(30))
    database = duckdb.connect()
    side.views(database, SUBJECT)
    cursor = database.execute('SELECT * FROM logged ORDER BY "@commit", "@seq", "@op" DESC')
    names = [column[0] for column in cursor.description or []]
    return side, [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def short(rows: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [(row["@op"], row["id"], row["name"]) for row in rows]


def test_every_kind_of_change_is_read_as_debezium_writes_it(server: Server, tmp_path: Path) -> None:
    side, rows = listened(
        server,
        tmp_path,
        "INSERT INTO things (id, name) VALUES (1, 'one'), (2, 'two');"
        "UPDATE things SET name = 'uno' WHERE id = 1; UPDATE things SET id = 3 WHERE id = 2; DELETE FROM things WHERE id = 1;"
        "INSERT INTO others VALUES (1); TRUNCATE things;",
    )
    moved = [("d", 2, "two"), ("c", 3, "two")]
    assert short(rows) == [("c", 1, "one"), ("c", 2, "two"), ("u", 1, "uno"), *moved, ("d", 1, "uno"), ("t", None, None)]
    assert rows[3]["@lsn"] == rows[4]["@lsn"]
    assert side.numbers("public.things") == {
        "transactions": 5,
        "changes": 6,
        "inserted": 3,
        "deleted": 2,
        "updated": 1,
        "truncates": 1,
    }


def test_only_committed_transactions_are_read_prepared_ones_among_them(server: Server, tmp_path: Path) -> None:
    script = (
        "BEGIN; INSERT INTO things (id) VALUES (10); ROLLBACK;\n"
        "BEGIN; INSERT INTO things (id) VALUES (11); SAVEPOINT s; INSERT INTO things (id) VALUES (12); ROLLBACK TO s; COMMIT;\n"
        "BEGIN; INSERT INTO things (id) VALUES (13); PREPARE TRANSACTION 'p';\nCOMMIT PREPARED 'p';\n"
        "BEGIN; INSERT INTO things (id) VALUES (14); PREPARE TRANSACTION 'q';\nROLLBACK PREPARED 'q';\n"
    )
    assert [row["id"] for row in listened(server, tmp_path, script)[1]] == [11, 13]


def test_a_value_out_of_line_that_an_update_leaves_alone_is_that_of_the_old_row(server: Server, tmp_path: Path) -> None:
    server.sql("INSERT INTO things (id, big) VALUES (1, repeat('x', 100000))")
    (row,) = listened(server, tmp_path, "UPDATE things SET name = 'new' WHERE id = 1")[1]
    assert (row["name"], len(row["big"]), row["@comparable"]) == ("new", 100000, True)


def test_rows_of_a_copy_share_a_position(server: Server, tmp_path: Path) -> None:
    _, rows = listened(server, tmp_path, "COPY things (id) FROM STDIN;\n1\n2\n3\n\\.\n")
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert len({row["@lsn"] for row in rows}) == 1


def test_values_without_canonical_form_are_not_compared_and_the_others_are(server: Server, tmp_path: Path) -> None:
    script = (
        "INSERT INTO things (id, born) VALUES (1, 'infinity'), (2, '0044-03-15 BC');"
        "INSERT INTO things (id, price) VALUES (3, 'NaN'); INSERT INTO things (id, at) VALUES (4, '-infinity');"
        "INSERT INTO things (id, name, price, at, local, born, single, yes) VALUES "
        "(5, E'a\\'\\u00e4\\n', -0.01, '2026-01-01 09:00:00.000001+01', '2026-01-01 08:00:00.123999', '2026-02-28', 0.1, true)"
    )
    rows = {row["id"]: row for row in listened(server, tmp_path, script)[1]}
    assert [rows[number]["@comparable"] for number in (1, 2, 3, 4)] == [False] * 4
    five = rows[5]
    assert five["@comparable"]
    assert (five["name"], str(five["price"]), five["yes"]) == ("a'ä\n", "-0.01", True)
    assert (five["at"].microsecond, five["local"].microsecond, five["born"].isoformat()) == (1, 123999, "2026-02-28")
    assert five["single"] == pytest.approx(0.1)


def test_a_transaction_that_began_before_and_ends_after_the_audit_begins_is_read_or_was_waited_for(server: Server, tmp_path: Path) -> None:
    """The slot begins behind every transaction that was open, so that none is read in part."""
    side = LogSide(login(server), "all_of_it", [SUBJECT], tmp_path)
    try:
        assert side.began > 0
        slots = server.sql("SELECT slot_name, temporary, plugin FROM pg_replication_slots")
        assert slots.startswith("audit_")
        assert slots.endswith("|t|pgoutput")
    finally:
        side.abandon()
    deadline = time.monotonic() + 20
    while server.sql("SELECT count(*) FROM pg_replication_slots") != "0":
        assert time.monotonic() < deadline, "the slot was left behind"
        time.sleep(0.1)


def test_a_refused_login_is_an_answer_that_names_the_way_on(server: Server, tmp_path: Path) -> None:
    with pytest.raises(UnansweredError, match=r"password authentication failed.*--no-database"):
        LogSide(login(server, "wrong"), "all_of_it", [SUBJECT], tmp_path)


def test_a_server_that_stops_in_between_is_no_clean_end(server: Server, tmp_path: Path) -> None:
    side = LogSide(login(server), "all_of_it", [SUBJECT], tmp_path)
    try:
        server.restart()
        with pytest.raises(UnansweredError, match="cannot be read"):
            side.listen(Patience(5), 5)
    finally:
        with pytest.raises(UnansweredError):
            side.abandon()
