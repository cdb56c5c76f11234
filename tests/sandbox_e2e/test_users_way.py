"""A user's first hour with the sandbox, in the order of the documents: each command as it stands, with its exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES
from tests import change_log
from tests.sandbox_e2e import faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

TIMEOUT_S = 300.0
ROUNDS = 20
STACK_FILE = CHECKOUT / "Pulumi.sandbox.yaml"
STACK = ("--stack", "sandbox")


def pipeline(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipeline …`` as a user would."""
    line = [sys.executable, "-m", "pipeline", *words]
    return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=600, check=False)


def succeeds(*words: str) -> str:
    """Run a command that must end with 0, and return its output."""
    done = pipeline(*words)
    assert done.returncode == 0, f"{' '.join(words)}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def audited() -> dict[str, Any]:
    """Run the audit of all tables, which must find every change, and return its report."""
    report: dict[str, Any] = json.loads(succeeds("audit", "--for", "5s", "--json", *STACK))
    assert {table["name"] for table in report["tables"]} == {table.qualified for table in TABLES}
    return report


def test_01_the_status_of_the_sandbox_is_healthy() -> None:
    succeeds("status", *STACK)


def test_02_the_audit_accounts_for_every_change_of_all_tables() -> None:
    audited()


def test_03_rows_that_are_changed_arrive_once_and_in_order(outputs: dict[str, Any], archive: Archive, mark: str) -> None:
    with change_log.application(outputs) as execute, change_log.writing(execute, f"{mark}-") as writer:
        writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
    change_log.prove(archive, writer, TIMEOUT_S)


@pytest.fixture
def poison(outputs: dict[str, Any], database: psycopg.Connection[dict[str, Any]], archive: Archive, mark: str) -> bytes:
    """Return a record that no converter can read, which stands in a table's topic before a good row that has arrived."""
    value = f"poison {mark}".encode()
    producer = Producer({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
    producer.produce("postgres.public.users", key=b"not avro", value=value)
    assert producer.flush(30) == 0
    database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'After', 'Poison')", [mark])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    return value


@pytest.mark.usefixtures("poison")
def test_04_a_dead_letter_is_told_and_listed_until_it_is_dropped_and_good_rows_go_on() -> None:
    assert pipeline("status", *STACK).returncode == 1
    listed = pipeline("dlq", "list", *STACK)
    assert listed.returncode == 1
    assert "postgres.public.users" in listed.stdout
    groups = json.loads(pipeline("dlq", "list", "--json", *STACK).stdout)["groups"]
    (position,) = [one for group in groups if group["state"] == "open" for one in group["positions"]]
    assert "users" in succeeds("dlq", "show", position, *STACK)
    succeeds("dlq", "drop", "--all", "--yes", "--reason", "the test wrote it", *STACK)
    succeeds("dlq", "list", *STACK)
    succeeds("status", *STACK)


def test_05_a_table_is_read_again_and_its_current_state_stays(outputs: dict[str, Any], archive: Archive) -> None:
    succeeds("backfill", "start", "--table", "public.products", *STACK)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)


@pytest.mark.parametrize("engine", ["duckdb", "athena"])
def test_06_views_of_the_current_state_are_printed(engine: str) -> None:
    assert succeeds("views", "--engine", engine, *STACK).upper().count("VIEW") >= len(TABLES)


@pytest.fixture
def setting() -> Iterator[None]:
    """Change a setting of the source in the stack file, and set the file back afterwards."""
    before = STACK_FILE.read_text(encoding="utf-8")
    line = "    cpuMillicores: 50\n"
    STACK_FILE.write_text(before.replace(line, f"{line}    debezium: {{pollIntervalMs: 60}}\n", 1), encoding="utf-8")
    yield
    STACK_FILE.write_text(before, encoding="utf-8")
    assert pipeline("sandbox", "up").returncode == 0


@pytest.mark.usefixtures("setting")
def test_07_a_changed_setting_changes_the_connector_alone(outputs: dict[str, Any], archive: Archive, mark: str) -> None:
    """Nothing else writes meanwhile: ``sandbox up`` ends with the comparison of archive and database."""
    done = pipeline("sandbox", "up")
    assert done.returncode == 0, done.stderr
    assert "0 created, 1 updated, 0 deleted" in done.stdout + done.stderr
    with change_log.application(outputs) as execute, change_log.writing(execute, f"{mark}-") as writer:
        writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
    change_log.prove(archive, writer, TIMEOUT_S)


def test_08_a_worker_killed_under_load_loses_and_doubles_no_change(
    outputs: dict[str, Any], archive: Archive, kube: Kube, mark: str, figure: Callable[[str], None]
) -> None:
    with change_log.application(outputs) as execute, change_log.writing(execute, f"{mark}-") as writer:
        writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
        faults.kill(kube, "connect-", "connect", TIMEOUT_S)
        writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    change_log.prove(archive, writer, TIMEOUT_S)
    figure(f"changes written while the worker was killed, each in the archive once: {writer.counts}")


def test_09_after_all_of_it_the_audit_and_the_status_are_clean() -> None:
    audited()
    succeeds("status", *STACK)
