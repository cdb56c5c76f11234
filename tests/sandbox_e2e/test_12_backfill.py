"""Rows that are read again while they change, and the state of a table as its readers get it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT
from settings.shop import TABLES
from views.dialects import DIALECTS
from views.moment import Moment
from views.states import state

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from reading.archive import Archive

pytestmark = pytest.mark.sandbox

ROWS = 3_000
# of 100,000 rows, a quarter was read in the second that a command takes
MANY = 200_000
TIMEOUT_S = 150.0
HEARTBEAT_S = 10.0
COMMIT_S = 15.0
TABLE = ("--table", "public.users")
INSERT = "INSERT INTO users (email, first_name, last_name) SELECT %s || number, 'First', number::text FROM generate_series(1, %s) AS number"


@pytest.fixture
def keys(request: pytest.FixtureRequest, outputs: dict[str, Any], archive: Archive, mark: str) -> Iterator[list[int]]:
    """Return the keys of rows that are in the archive, 3,000 or the number of the parameter; they are removed afterwards."""
    with connect(outputs) as connection:
        connection.execute(INSERT, [mark, getattr(request, "param", ROWS)])
        found = connection.execute("SELECT id FROM users WHERE starts_with(email, %s) ORDER BY id", [mark]).fetchall()
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    yield [row["id"] for row in found]
    with connect(outputs) as connection:
        connection.execute("DELETE FROM users WHERE starts_with(email, %s)", [mark])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)


def backfill(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as its user would."""
    line = [sys.executable, "-m", "pipeline", "backfill", *words]
    return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def read_again(archive: Archive, keys: list[int]) -> dict[str, int]:
    """Return the number of rows read again, and of different keys among them."""
    text = "SELECT count(*) AS rows, count(DISTINCT id) AS keys FROM changes WHERE __op = 'r' AND id BETWEEN ? AND ?"
    return archive.query("users", text, [keys[0], keys[-1]])[0]


@pytest.mark.long
def test_rows_read_again_while_they_change_are_doubled_in_the_history_and_not_in_the_current_state(
    outputs: dict[str, Any], archive: Archive, keys: list[int]
) -> None:
    """Also rows of a transaction that is open all the time, whose changes have older positions than what is read."""
    ended = threading.Event()

    def change() -> None:
        number = 0
        with connect(outputs) as connection:
            while not ended.is_set():
                number += 1
                key = keys[10 + number * 37 % (ROWS - 20)]
                connection.execute("UPDATE users SET first_name = %s WHERE id = %s", [f"Changed {number}", key])
                if number % 20 == 0:
                    connection.execute("DELETE FROM users WHERE id = %s", [key])

    writer = threading.Thread(target=change)
    with connect(outputs) as longer:
        longer.autocommit = False
        longer.execute("UPDATE users SET first_name = 'In flight' WHERE id = %s", [keys[0]])
        longer.execute("DELETE FROM users WHERE id = %s", [keys[1]])
        writer.start()
        try:
            done = backfill("start", "--stack", "sandbox", "--table", "public.users", "--where", f"id between {keys[0]} and {keys[-1]}")
        finally:
            ended.set()
            writer.join()
        longer.commit()
    assert done.returncode == 0, done.stderr
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    found = read_again(archive, keys)
    assert found["rows"] == found["keys"] > ROWS / 2
    text = "SELECT __op, split_part(__source_sequence, '\"', 4)::BIGINT AS position FROM changes WHERE id = ? AND __op <> 'c' ORDER BY __op"
    deleted, read = archive.query("users", text, [keys[1]])
    assert (deleted["__op"], read["__op"]) == ("d", "r")
    assert deleted["position"] < read["position"], "the open transaction's deletion has an older position, or this would prove nothing"


@pytest.mark.long
def test_a_backfill_that_is_started_again_reads_again_and_one_of_no_row_ends(archive: Archive, keys: list[int]) -> None:
    few = f"id between {keys[0]} and {keys[9]}"
    for times in (1, 2):
        done = backfill("start", "--stack", "sandbox", "--table", "public.users", "--where", few)
        assert done.returncode == 0, done.stderr
        deadline = time.monotonic() + TIMEOUT_S
        while read_again(archive, keys) != {"rows": 10 * times, "keys": 10}:
            assert time.monotonic() < deadline, read_again(archive, keys)
            time.sleep(1)
    assert backfill("start", "--stack", "sandbox", "--table", "public.users", "--where", "id < -5").returncode == 0
    assert backfill("status", "--stack", "sandbox").stdout == "no backfill runs\n"


@pytest.mark.long
@pytest.mark.parametrize("keys", [MANY], indirect=True)
def test_a_running_backfill_is_paused_and_goes_on_to_its_end(archive: Archive, keys: list[int]) -> None:
    """So many rows that the next command finds the backfill at work."""
    started = backfill("start", "--stack", "sandbox", "--no-wait", *TABLE)
    paused = backfill("pause", "--stack", "sandbox")
    assert started.returncode == 0, started.stderr
    assert paused.stdout.splitlines()[-1].startswith("paused; paused at public.users"), paused.stdout
    # the part that was begun ends with a heartbeat, and the sink commits it
    time.sleep(HEARTBEAT_S + COMMIT_S)
    before = read_again(archive, keys)
    time.sleep(2 * HEARTBEAT_S + COMMIT_S)
    assert read_again(archive, keys) == before, "rows were read during the pause"
    assert before["rows"] < MANY

    assert backfill("start", "--stack", "sandbox", *TABLE, "--no-wait").returncode == 1, "it is there already"
    assert backfill("resume", "--stack", "sandbox").returncode == 0
    deadline = time.monotonic() + TIMEOUT_S
    while read_again(archive, keys) != {"rows": MANY, "keys": MANY}:
        assert time.monotonic() < deadline, read_again(archive, keys)
        time.sleep(1)
    assert backfill("status", "--stack", "sandbox").stdout == "no backfill runs\n"


def test_the_state_of_a_table_is_that_of_the_database_now_and_at_an_earlier_time(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    """With an INSERT that waits for a transaction, which deletes the same key: its position is older than the deletion's."""
    insert = "INSERT INTO users (id, email, first_name, last_name) VALUES (%s, %s, %s, 'Row')"
    key = 900_000_000 + int(mark[:5], 16)
    database.execute(insert, [key, f"{mark}-1", "First"])
    with connect(outputs) as holder:
        holder.autocommit = False
        holder.execute("UPDATE users SET first_name = 'Second' WHERE id = %s", [key])
        waiting = threading.Thread(target=database.execute, args=(insert, [key, f"{mark}-2", "Waited"]))
        waiting.start()
        blocked = "SELECT count(*) AS number FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO users (id%%'"
        with connect(outputs) as looking:
            while looking.execute(blocked).fetchall() != [{"number": 1}]:
                time.sleep(0.1)
        holder.execute("DELETE FROM users WHERE id = %s", [key])
        holder.commit()
        waiting.join()
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    changes = archive.query("users", "SELECT __op, __source_lsn, __source_ts_ms FROM changes WHERE id = ? ORDER BY __kafka_offset", [key])
    assert [row["__op"] for row in changes] == ["c", "u", "d", "c"]
    assert changes[3]["__source_lsn"] < changes[2]["__source_lsn"], "or this would prove nothing"
    for row, name in ((changes[0], ["First"]), (changes[3], ["Waited"])):
        text = state(DIALECTS["duckdb"], "changes", ("id",), ("id", "first_name"), Moment(milliseconds=row["__source_ts_ms"]))
        assert [found["first_name"] for found in archive.query("users", text) if found["id"] == key] == name
    database.execute("DELETE FROM users WHERE id = %s", [key])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
