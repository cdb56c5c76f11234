"""Breaks of the history: brokers built anew, a lost slot, a dropped one. Each is refused loudly, and one command archives every row anew.

At its end the pipeline is made anew in its first epoch, since no epoch is ever lowered.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import connectors
from sandbox.equality import connect, wait_until_equal
from sandbox.stack_settings import settings
from stack.settings.shop import TABLES
from tests.sandbox_e2e import history
from tests.sandbox_e2e.conftest import NAMESPACE
from tests.sandbox_e2e.history import SEGMENT_MIB, STACK_FILE, TIMEOUT_S

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Sql = Callable[[str], str]

pytestmark = [pytest.mark.sandbox, pytest.mark.long]


@pytest.fixture(scope="module", autouse=True)
def first_epoch_again(kube: Kube, command: Command) -> Iterator[str]:
    """Yield the stack file; after the tests the pipeline is in its first epoch again."""
    with history.first_epoch_again(kube, command) as before:
        yield before


def _begin(cause: str, epoch: int) -> None:
    """See that the break is shown, and begin the next epoch."""
    shown = history.epoch("show")
    assert (shown.returncode, f"BROKEN ({cause})" in shown.stdout) == (1, True), f"{shown.stdout}\n{shown.stderr}"
    asked = history.epoch("begin")
    assert (asked.returncode, "add --yes" in asked.stderr) == (1, True), f"{asked.stdout}\n{asked.stderr}"
    begun = history.epoch("begin", "--yes")
    assert begun.returncode == 0, f"{begun.stdout}\n{begun.stderr}"
    assert f"Epoch {epoch} has begun" in begun.stdout


def _insert(outputs: dict[str, Any], emails: Sequence[str]) -> None:
    with connect(outputs) as database:
        for email in emails:
            database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Written', '0')", [email])


def _delete(outputs: dict[str, Any], email: str) -> None:
    with connect(outputs) as database:
        database.execute("DELETE FROM users WHERE email = %s", [email])


def _build_brokers_anew(kube: Kube, command: Command) -> None:
    """Delete the brokers' volumes."""

    def run(*arguments: str) -> None:
        done = command("kubectl", "--", *arguments, "--namespace", NAMESPACE)
        assert done.returncode == 0, done.stderr

    run("scale", "deployment/connect", "deployment/schema-registry", "--replicas=0")
    run("scale", "statefulset/kafka", "--replicas=0")
    run("wait", "--for=delete", "pod/kafka-0", "pod/kafka-1", "pod/kafka-2", "--timeout=120s")
    run("delete", "pvc", "data-kafka-0", "data-kafka-1", "data-kafka-2")
    run("scale", "statefulset/kafka", "--replicas=3")
    kube.wait_ready("StatefulSet", NAMESPACE, "kafka", TIMEOUT_S)


def _identities(archive: Archive, *parts: str) -> int:
    """Return how many rows have the identity of another one."""
    question = f"SELECT count(*) - count(DISTINCT ({', '.join(parts)})) AS number FROM changes"
    return sum(int(archive.query(table.archive_name, question)[0]["number"]) for table in TABLES)


def _found(archive: Archive, mark: str) -> set[tuple[str, int]]:
    question = "SELECT DISTINCT email, coalesce(__epoch, 1) AS epoch FROM changes WHERE starts_with(email, ?)"
    return {(row["email"], row["epoch"]) for row in archive.query("users", question, [mark])}


def _seam(archive: Archive, epoch: int) -> dict[str, str]:
    """Return what every table says of a break."""
    prefix = f"data-ingestion.epoch.{epoch}."
    found = [archive.table(table.archive_name).properties.items() for table in TABLES]
    kept = ("cause", "system", "position", "last-change-at")
    (seam,) = {tuple(sorted((key.removeprefix(prefix), value) for key, value in one if key.removeprefix(prefix) in kept)) for one in found}
    return dict(seam)


def test_brokers_built_anew_are_refused_and_a_new_epoch_archives_every_row(
    outputs: dict[str, Any], archive: Archive, kube: Kube, command: Command, mark: str, owner_sql: Sql, first_epoch_again: str
) -> None:
    before, between, after = ([f"{mark}-{word}-{number}" for number in range(20)] for word in ("before", "between", "after"))
    _insert(outputs, before)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)

    _build_brokers_anew(kube, command)
    refused = command("up")
    assert refused.returncode != 0
    assert "the table would ignore every file until then. Raise streaming.epoch by one" in " ".join(refused.stderr.split())
    # a reader who took rows of the first epoch for the present ones would still find it
    _delete(outputs, before[0])
    _insert(outputs, between)

    _begin("lost-brokers", 2)
    _insert(outputs, after)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.epoch("users") == 2
    wanted = {(email, 1) for email in before} | {(email, 2) for email in [*before[1:], *between, *after]}
    missing = sorted(wanted - _found(archive, mark))
    assert missing == [], f"{len(missing)} rows are missing, for example {missing[:3]}"
    place = ("__topic", "__kafka_partition", "__kafka_offset")
    assert _identities(archive, *place) > 0, "new brokers have given no offset again, so that this test shows nothing"
    assert _identities(archive, "coalesce(__epoch, 1)", *place) == 0
    assert owner_sql("SELECT slot_name FROM pg_replication_slots") == "debezium_slot_epoch2"
    assert _seam(archive, 2)["cause"] == "lost-brokers"

    present = STACK_FILE.read_text(encoding="utf-8")
    STACK_FILE.write_text(first_epoch_again, encoding="utf-8")
    try:
        lower = command("up")
    finally:
        STACK_FILE.write_text(present, encoding="utf-8")
    assert lower.returncode != 0
    assert "is lower than 2" in " ".join(lower.stderr.split())


@pytest.mark.parametrize("cause", ["lost-slot", "missing-slot"])
def test_a_slot_that_is_gone_is_loud_and_a_new_epoch_archives_every_row_and_marks_the_gap(
    outputs: dict[str, Any], archive: Archive, command: Command, mark: str, owner_sql: Sql, cause: str
) -> None:
    """Lost by more log than it may hold back; or dropped, as after a failover to a standby without it."""
    epoch, slot = settings().streaming.epoch, settings().names.current_slot
    _insert(outputs, [f"{mark}-before", f"{mark}-deleted"])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    end = int(owner_sql("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"))
    source = history.stop_source(outputs, owner_sql, slot)
    _delete(outputs, f"{mark}-deleted")
    _insert(outputs, [f"{mark}-between", f"{mark}-short-lived"])
    _delete(outputs, f"{mark}-short-lived")
    if cause == "lost-slot":
        history.lose(owner_sql, slot)
    else:
        owner_sql(f"SELECT pg_drop_replication_slot('{slot}')")
    connectors.client(outputs).resume(source)
    status = command("status")
    assert (status.returncode, "BROKEN" in status.stdout) == (1, True), status.stdout

    _begin(cause, epoch + 1)
    _insert(outputs, [f"{mark}-after"])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.epoch("users") == epoch + 1
    old, new = (
        {(f"{mark}-{word}", epoch) for word in ("before", "deleted")},
        {(f"{mark}-{word}", epoch + 1) for word in ("before", "between", "after")},
    )
    assert _found(archive, mark) == old | new
    assert f"{mark}-deleted" not in {row["email"] for row in archive.current("users", ["id"]).values()}
    assert owner_sql("SELECT slot_name FROM pg_replication_slots") == settings().names.current_slot
    seam = _seam(archive, epoch + 1)
    assert (seam["cause"], seam["system"]) == (cause, owner_sql("SELECT system_identifier FROM pg_control_system()"))
    assert int(owner_sql(f"SELECT '{seam['position']}'::pg_lsn - '0/0'::pg_lsn")) <= end + SEGMENT_MIB * 1024**2
    assert datetime.fromisoformat(seam["last-change-at"]).tzinfo is not None
    shown = history.epoch("show")
    assert (shown.returncode, f"since {cause}" in shown.stdout) == (0, True), f"{shown.stdout}\n{shown.stderr}"
