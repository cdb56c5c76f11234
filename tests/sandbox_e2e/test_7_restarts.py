"""A worker that dies at the worst moment: no row of the database is missing in the archive, none is there twice.

Each moment has lost rows in public, while every task was RUNNING: in the middle of a COPY, at a position that a longer transaction
shares, around the first commit of a sink, and while the registry was away.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.dlq.topic import DeadLetterTopic
from sandbox import connectors
from sandbox.equality import connect, wait_until_equal
from sandbox.faults import control_groups
from stack.settings.shop import TABLES
from tests.sandbox_e2e import faults, records
from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    import psycopg

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

SINK = "s3-sink-connector"
GROUP = f"connect-{SINK}-coord"
CONTROL = "iceberg-control"
USERS = "postgres.public.users"
DEAD_LETTERS = "s3-sink-dlq"
COPIED, KILLED_AFTER = 8_000, 3_000
TIMEOUT_S = 300.0
LONGER_THAN_A_HEARTBEAT_S = 13.0
HEARTBEAT = "public.dbz_heartbeat"
TRIES = 20
AWAY_S = 45.0


@pytest.fixture
def reader(outputs: dict[str, Any], mark: str) -> Iterator[Consumer]:
    """Return a consumer of committed records, which commits nothing itself."""
    login = {"bootstrap.servers": outputs["kafka"]["bootstrapServers"], "group.id": f"test-{mark}", "enable.auto.commit": False}
    consumer = Consumer({**login, "isolation.level": "read_committed", "fetch.wait.max.ms": 10})
    yield consumer
    consumer.close()


@pytest.fixture(autouse=True)
def equal_before_and_after(outputs: dict[str, Any], archive: Archive, mark: str) -> Iterator[None]:
    """Begin with an archive that equals the database, and end with that too, without the rows of the test."""
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    yield
    with connect(outputs) as connection:
        connection.execute("DELETE FROM users WHERE starts_with(email, %s)", [mark])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.duplicates("users", ["id"]) == 0


def _archived(archive: Archive, mark: str) -> dict[str, int]:
    rows = archive.query("users", "SELECT email, count(*) AS number FROM changes WHERE starts_with(email, ?) GROUP BY 1", [mark])
    return {row["email"]: row["number"] for row in rows}


def _assert_each_once(outputs: dict[str, Any], archive: Archive, mark: str, wanted: set[str]) -> None:
    with contextlib.suppress(AssertionError):
        wait_until_equal(outputs, archive, TABLES, 100)
    found = _archived(archive, mark)
    missing, twice = wanted - found.keys(), sorted(email for email in wanted & found.keys() if found[email] > 1)
    assert not missing, f"{len(missing)} of {len(wanted)} rows are not in the archive, for example {sorted(missing)[:3]}"
    assert not twice, f"{len(twice)} of {len(wanted)} rows are in the archive more than once, for example {twice[:3]}"


@pytest.fixture
def kill(kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]]) -> Iterator[Callable[[], None]]:
    """Return what kills the worker's processes at once, and gives it a new pod: a killed container would wait longer each time."""
    kube.wait_ready("Deployment", NAMESPACE, "connect", TIMEOUT_S)
    processes = control_groups.processes(control_groups.of_container(faults.pod_of(kube, "connect-"), "connect"))

    def end() -> None:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        faults.delete_at_once(kube, command, "Deployment", "connect", "connect-", TIMEOUT_S)

    yield end
    kube.wait_ready("Deployment", NAMESPACE, "connect", TIMEOUT_S)


def _from_end(consumer: Consumer, topic: str) -> None:
    consumer.assign([TopicPartition(topic, number, offset) for number, offset in records.ends(consumer, topic).items()])


@pytest.mark.long
def test_a_worker_killed_in_a_copy_loses_no_row_of_it(
    outputs: dict[str, Any], archive: Archive, kill: Callable[[], None], reader: Consumer, mark: str
) -> None:
    """COPY writes many rows in one record of the write-ahead log, so that a stored position can stand in the middle of such rows."""
    wanted = {f"{mark}-{number}" for number in range(COPIED)}
    _from_end(reader, USERS)
    with (
        connect(outputs) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY users (email, first_name, last_name) FROM STDIN") as copy,
    ):
        for email in sorted(wanted):
            copy.write_row((email, "Copied", "row"))
    _wait_for_records(reader, KILLED_AFTER)
    kill()
    _assert_each_once(outputs, archive, mark, wanted)


@pytest.mark.long
def test_a_worker_killed_at_a_commit_where_the_next_transactions_begin_loses_no_row_of_them(
    outputs: dict[str, Any],
    archive: Archive,
    kill: Callable[[], None],
    mark: str,
    owner_sql: Callable[[str], str],
    database: psycopg.Connection[Any],
) -> None:
    """A heartbeat stores the end of the last commit, which is also where the first row of another transaction begins.

    Of a short one, or of one that was open before and goes on. A lock holds back the heartbeat's own statement, whose commit would
    otherwise be the last one.
    """
    insert = "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Written', '0')"
    with connect(outputs) as longer, _no_heartbeat(owner_sql):
        longer.autocommit = False
        database.execute(insert, [f"{mark}-first"])
        for attempt in range(TRIES):
            longer.execute("SELECT pg_current_xact_id()")
            database.execute(insert, [f"{mark}-short-{attempt}"])
            end, begin = (_position(connection) for connection in (database, longer))
            # a deletion is one record, to which other changes add locks, sequences or indexes before it
            longer.execute("DELETE FROM users WHERE email = %s", [f"{mark}-first"])
            if end == begin:
                break
            longer.rollback()
        else:
            pytest.fail("no change of the longer transaction began where another transaction ended")
        time.sleep(LONGER_THAN_A_HEARTBEAT_S)
        kill()
        longer.execute(insert, [f"{mark}-second"])
        longer.commit()
    _assert_each_once(outputs, archive, mark, {f"{mark}-second", *(f"{mark}-short-{number}" for number in range(attempt + 1))})
    operations = archive.query("users", "SELECT __op AS operation FROM changes WHERE email = ? ORDER BY __source_lsn", [f"{mark}-first"])
    assert [row["operation"] for row in operations] == ["c", "d"]


@contextlib.contextmanager
def _no_heartbeat(owner_sql: Callable[[str], str]) -> Iterator[None]:
    """Hold back writes of the heartbeat table while the block runs."""
    held = f"/* held */ LOCK TABLE {HEARTBEAT} IN EXCLUSIVE MODE; SELECT pg_sleep({TIMEOUT_S:.0f})"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(owner_sql, held)
        deadline = time.monotonic() + TIMEOUT_S
        granted = f"SELECT pid FROM pg_locks WHERE relation = '{HEARTBEAT}'::regclass AND mode = 'ExclusiveLock' AND granted"
        while not (process := owner_sql(granted)):
            assert time.monotonic() < deadline, "the heartbeat's table could not be locked"
        try:
            yield
        finally:
            owner_sql(f"SELECT pg_terminate_backend({process})")


def _position(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SELECT pg_current_wal_insert_lsn()::text AS position").fetchone()
    return str(row and row["position"])


def test_a_worker_killed_between_a_sinks_files_and_its_first_commit_loses_no_row(
    outputs: dict[str, Any],
    archive: Archive,
    kill: Callable[[], None],
    reader: Consumer,
    mark: str,
    database: psycopg.Connection[Any],
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """A sink without a commit has no position in its control topic but the one that the program gives it before its first start."""
    admin, client = AdminClient({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]}), connectors.client(outputs)
    client.stop(SINK)
    _forget_commits(admin)
    done = command("up")
    assert done.returncode == 0, done.stderr
    client.resume(SINK)
    _from_end(reader, CONTROL)
    _insert(database, [f"{mark}-only"])
    _wait_for_files(reader)
    kill()
    _assert_each_once(outputs, archive, mark, {f"{mark}-only"})


def _forget_commits(admin: AdminClient) -> None:
    """Delete the position of the sink's coordinator, as soon as its last member has left."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        error = admin.delete_consumer_groups([GROUP])[GROUP].exception(30)
        if error is None:
            return
        assert time.monotonic() < deadline, f"the group {GROUP} could not be deleted: {error}"
        time.sleep(1)


def _wait_for_files(reader: Consumer) -> None:
    """Wait until a task says in a committed transaction that it has written files, which no coordinator has committed yet."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        message = reader.poll(0.05)
        if message is not None and message.error() is None and b"DataWritten" in (message.value() or b""):
            return
    pytest.fail("the sink has not written files")


@pytest.mark.long
def test_rows_wait_while_the_registry_is_away_and_the_worker_starts_again(
    outputs: dict[str, Any],
    archive: Archive,
    kill: Callable[[], None],
    reader: Consumer,
    mark: str,
    database: psycopg.Connection[Any],
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Nothing is cached after a start: the sink cannot read the rows that wait in Kafka, the source cannot write the next ones."""
    letters = DeadLetterTopic({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]}, DEAD_LETTERS)
    client, before = connectors.client(outputs), letters.count()
    wanted = [f"{mark}-{number}" for number in range(100)]
    client.pause(SINK)
    _from_end(reader, USERS)
    _insert(database, wanted[:50])
    _wait_for_records(reader, 50)
    _scale(command, 0)
    try:
        client.resume(SINK)
        kill()
        _insert(database, wanted[50:])
        time.sleep(AWAY_S)
        assert not _archived(archive, mark), "without the registry no row can be archived"
    finally:
        _scale(command, 1)
    _assert_each_once(outputs, archive, mark, set(wanted))
    # poison of an earlier test may be set aside once more, and stays one letter
    assert letters.count() == before, "sound rows were set aside as dead letters"


def _insert(database: psycopg.Connection[Any], emails: Sequence[str]) -> None:
    for email in emails:
        database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Written', '0')", [email])


def _wait_for_records(reader: Consumer, number: int) -> None:
    seen, deadline = 0, time.monotonic() + TIMEOUT_S
    while seen < number:
        assert time.monotonic() < deadline, f"{seen} of {number} rows arrived in Kafka"
        seen += sum(1 for message in reader.consume(500, 0.05) if message.error() is None)


def _scale(command: Callable[..., subprocess.CompletedProcess[str]], replicas: int) -> None:
    done = command("kubectl", "--", "scale", "--namespace", NAMESPACE, "deployment/schema-registry", f"--replicas={replicas}")
    assert done.returncode == 0, done.stderr
