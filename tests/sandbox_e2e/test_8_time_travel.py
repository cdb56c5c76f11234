"""A database that went back in time: the source refuses it, says why, and goes on without a loss once the newer one is back.

Debezium alone goes on in silence: PostgreSQL sends nothing before the stored position, and the changes up to there are missing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka import Consumer

from sandbox import connectors
from sandbox.equality import connect, wait_until_equal
from stack.settings.names import Names
from stack.settings.shop import TABLES
from tests.sandbox_e2e import faults, records
from tests.sandbox_e2e.database_volume import DatabaseVolume

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

SOURCE = Names().source_connector
USERS = "postgres.public.users"
REFUSAL = "dataingestion.connect.DatabaseWentBackException"
OLDER, NEWER, WRONG = "older", "newer", "wrong"
TIMEOUT_S = 300.0
# Debezium tries again 10 s after an error, and the first restart of a failed task comes after 15 s more
REFUSED_WITHIN_S = 60.0


@pytest.fixture
def reader(outputs: dict[str, Any], mark: str) -> Iterator[Consumer]:
    """Return a consumer that reads the ends of topics."""
    consumer = Consumer({"bootstrap.servers": outputs["kafka"]["bootstrapServers"], "group.id": f"test-{mark}"})
    yield consumer
    consumer.close()


@pytest.fixture
def volume(kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]]) -> Iterator[DatabaseVolume]:
    """Return the database's volume, and have the newest one in place at the end."""
    volume = DatabaseVolume(kube, command)
    yield volume
    if volume.has(NEWER):
        with volume.without_server():
            volume.exchange(put_away=WRONG, put_in=NEWER)
    for name in (OLDER, WRONG):
        volume.drop(name)


def test_a_source_refuses_a_database_that_went_back_in_time_and_goes_on_with_the_newer_one(
    outputs: dict[str, Any],
    archive: Archive,
    volume: DatabaseVolume,
    reader: Consumer,
    mark: str,
    owner_sql: Callable[[str], str],
) -> None:
    """Refused while the older server ends before the stored position, and also when it has been written past it since."""
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    with volume.without_server():
        volume.keep(OLDER)
    # leaves the rest of 16 MiB empty: the older server cannot reach the position by a few writes
    owner_sql("SELECT pg_switch_wal()")
    _insert(outputs, f"{mark}-archived")
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    _wait_for_a_later_slot(outputs, owner_sql)
    written = records.ends(reader, USERS)

    with volume.without_server():
        volume.exchange(put_away=NEWER, put_in=OLDER)
    _insert(outputs, f"{mark}-undone")
    assert "it ends before the position" in _refusal(outputs)
    for number in range(3):
        owner_sql("SELECT pg_switch_wal()")
        _insert(outputs, f"{mark}-undone-{number}")
    connectors.client(outputs).restart_failed(SOURCE)
    assert "its slot keeps the log from" in _refusal(outputs, "its slot")
    assert records.ends(reader, USERS) == written, "changes of the older database were read"

    with volume.without_server():
        volume.exchange(put_away=WRONG, put_in=NEWER)
    connectors.client(outputs).restart_failed(SOURCE)
    _insert(outputs, f"{mark}-after")
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    rows = archive.query("users", "SELECT email FROM changes WHERE starts_with(email, ?) ORDER BY __source_lsn", [mark])
    assert [row["email"] for row in rows] == [f"{mark}-archived", f"{mark}-after"]


def test_a_source_goes_on_after_its_database_and_its_worker_were_killed(
    outputs: dict[str, Any], archive: Archive, kube: Kube, mark: str
) -> None:
    """Crash recovery brings PostgreSQL back to the end of its log, which no stored position is beyond."""
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    for number in range(50):
        _insert(outputs, f"{mark}-{number}")
    faults.kill(kube, "postgresql-", "postgresql", TIMEOUT_S)
    faults.kill(kube, "connect-", "connect", TIMEOUT_S)
    _insert(outputs, f"{mark}-after")
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.duplicates("users", ["id"]) == 0


def _insert(outputs: dict[str, Any], email: str) -> None:
    with connect(outputs) as connection:
        connection.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Written', '0')", [email])


def _wait_for_a_later_slot(outputs: dict[str, Any], owner_sql: Callable[[str], str]) -> None:
    """Wait until the stored position names a place of the slot that the volume's copy has not reached."""
    before, deadline = owner_sql("SELECT restart_lsn - '0/0'::pg_lsn FROM pg_replication_slots"), time.monotonic() + TIMEOUT_S
    while True:
        stored = _stored(outputs)
        if int(stored.get("slot_restart_lsn", 0)) > int(before):
            return
        assert time.monotonic() < deadline, f"the stored position does not follow the slot: {stored}"
        owner_sql("CHECKPOINT")
        time.sleep(2)


def _stored(outputs: dict[str, Any]) -> dict[str, Any]:
    """Return the source's position, as the worker stores it."""
    worker = outputs["connect"]
    answer = requests.get(f"{worker['url']}/connectors/{SOURCE}/offsets", auth=(worker["user"], worker["password"]), timeout=30)
    (entry,) = answer.json()["offsets"]
    stored: dict[str, Any] = entry["offset"]
    return stored


def _refusal(outputs: dict[str, Any], part: str = "") -> str:
    """Wait until the source's task has failed by a refusal, and return its reason."""
    deadline, status = time.monotonic() + REFUSED_WITHIN_S, None
    while time.monotonic() < deadline:
        status = connectors.client(outputs).status(SOURCE)
        reasons = [task.trace for task in status.tasks if task.trace.startswith(REFUSAL)] if status else []
        if reasons and part in reasons[0]:
            return reasons[0]
        time.sleep(1)
    pytest.fail(f"the source was not refused within {REFUSED_WITHIN_S:.0f} s: {status}")
