"""Rows that are read again while they change, and the state of a table as its readers get it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.views.dialects import DIALECTS
from pipeline.views.moment import Moment
from pipeline.views.states import state
from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES
from tests.sandbox_e2e import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

ROWS = 3_000
# of 100,000 rows, a quarter was read in the second that a command takes
MANY = 200_000
# rows for some 20 s, while two commands are answered, each by a look at the signals every 5 s
LARGE = 500_000
TIMEOUT_S = 150.0
# the source writes 12,000 rows a second, the sink 11,000, and a comparison reads all of them
LARGE_S = 600.0
HEARTBEAT_S = 10.0
COMMIT_S = 15.0
TABLE = ("--table", "public.users")
INSERT = "INSERT INTO users (email, first_name, last_name) SELECT %s || number, 'First', number::text FROM generate_series(1, %s) AS number"


@pytest.fixture
def keys(request: pytest.FixtureRequest, outputs: dict[str, Any], archive: Archive, mark: str) -> Iterator[list[int]]:
    """Return the keys of rows that are in the archive, 3,000 or the number of the parameter; they are removed afterwards."""
    number = getattr(request, "param", ROWS)
    timeout_s = LARGE_S if number > MANY else TIMEOUT_S
    with connect(outputs) as connection:
        connection.execute(INSERT, [mark, number])
        found = connection.execute("SELECT id FROM users WHERE starts_with(email, %s) ORDER BY id", [mark]).fetchall()
    wait_until_equal(outputs, archive, TABLES, timeout_s)
    yield [row["id"] for row in found]
    with connect(outputs) as connection:
        connection.execute("DELETE FROM users WHERE starts_with(email, %s)", [mark])
    wait_until_equal(outputs, archive, TABLES, timeout_s)


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


@pytest.mark.long
@pytest.mark.parametrize("keys", [LARGE], indirect=True)
def test_a_backfill_stopped_at_work_stays_stopped_over_a_restart_of_the_worker_and_is_taken_up_where_it_was(
    outputs: dict[str, Any], archive: Archive, kube: Kube, keys: list[int], mark: str
) -> None:
    """A worker that starts again goes on with what is stored, so that a stop is worth nothing before that is."""
    started = backfill("start", "--stack", "sandbox", "--no-wait", *TABLE)
    assert started.returncode == 0, started.stderr
    deadline = time.monotonic() + TIMEOUT_S
    while not backfill("status", "--stack", "sandbox").stdout.startswith("reads public.users"):
        assert time.monotonic() < deadline, "the backfill is never seen at work"
    stopped = backfill("stop", "--stack", "sandbox", *TABLE)
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout.splitlines()[-1] == "stopped; no backfill runs"

    # at once, before a heartbeat or a commit of the sink
    faults.delete(kube, "Deployment", "connect", "connect-", TIMEOUT_S)
    with connect(outputs) as connection:
        connection.execute("UPDATE users SET first_name = 'After' WHERE id = %s", [keys[-1]])
    wait_until_equal(outputs, archive, TABLES, LARGE_S)
    before = read_again(archive, keys)
    assert 0 < before["rows"] == before["keys"] < LARGE, "it was stopped in the middle, or this would prove nothing"
    time.sleep(2 * HEARTBEAT_S + COMMIT_S)
    assert read_again(archive, keys) == before, "rows were read after the restart"
    assert backfill("status", "--stack", "sandbox").stdout == "no backfill runs\n"

    (last,) = archive.query("users", "SELECT max(id) AS id FROM changes WHERE __op = 'r' AND id BETWEEN ? AND ?", [keys[0], keys[-1]])
    done = backfill("start", "--stack", "sandbox", *TABLE, "--where", f"id between {last['id'] + 1} and {keys[-1]}")
    assert done.returncode == 0, done.stderr
    deadline = time.monotonic() + TIMEOUT_S
    while read_again(archive, keys) != {"rows": LARGE, "keys": LARGE}:
        assert time.monotonic() < deadline, read_again(archive, keys)
        time.sleep(1)
    wait_until_equal(outputs, archive, TABLES, LARGE_S)
    text = state(DIALECTS["duckdb"], "changes", ("id",), ("id", "email"))
    counted = f"SELECT count(*) AS rows, count(DISTINCT id) AS keys FROM ({text}) WHERE starts_with(email, ?)"
    assert archive.query("users", counted, [mark]) == [{"rows": LARGE, "keys": LARGE}]


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
