"""Repeated and interrupted runs, and faults of pods: each change that was committed meanwhile is archived once, in its order."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka.admin import AdminClient

from pipeline.dlq.ledger import MARK_HEADER
from providers.kafkaconnect.errors import NotNowError, RefusedError
from sandbox import connectors
from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.names import Names
from stack.settings.shop import TABLES
from tests import change_log
from tests.sandbox_e2e import faults, records
from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube
    from tests.change_log import Writer

    Written = Callable[[], AbstractContextManager[Writer]]

pytestmark = pytest.mark.sandbox

DEAD_LETTERS = Names().dead_letter_topic

TIMEOUT_S = 300.0
ROUNDS = 20
SINK_PAUSE_S = 45.0
"""A dead consumer would be waited for so long with Kafka's own `session.timeout.ms`."""


def _counts(printed: str) -> dict[str, int]:
    return {word: int(number) for number, word in re.findall(r"(\d+) (created|updated|deleted|unchanged)", printed)}


@pytest.fixture
def each_change_once(outputs: dict[str, Any], archive: Archive, mark: str, figure: Callable[[str], None]) -> Written:
    """Insert, update and delete all through a block; after it each change must be in the archive once, in its order."""

    @contextmanager
    def proven() -> Iterator[Writer]:
        with change_log.application(outputs) as execute, change_log.writing(execute, f"{mark}-") as writer:
            writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
            yield writer
            writer.wait_for_rounds(ROUNDS, TIMEOUT_S)
        wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
        change_log.prove(archive, writer, TIMEOUT_S)
        assert archive.duplicates("users", ["id"]) == 0
        figure(f"changes written through a fault, each in the archive once: {writer.counts}")

    return proven


def test_a_second_up_changes_nothing(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = command("up")
    assert done.returncode == 0, done.stderr
    counts = _counts(done.stderr)
    assert counts.pop("unchanged") > 80
    assert counts == {"created": 0, "updated": 0, "deleted": 0}, done.stderr


@pytest.mark.parametrize(
    ("kind", "workload", "prefix"),
    [
        pytest.param("StatefulSet", "kafka", "kafka-0", marks=pytest.mark.long),
        pytest.param("Deployment", "schema-registry", "schema-registry-", marks=pytest.mark.long),
        pytest.param("StatefulSet", "postgresql", "postgresql-0", marks=pytest.mark.long),
        ("Deployment", "connect", "connect-"),
    ],
)
def test_a_deleted_pod_loses_and_doubles_no_change(each_change_once: Written, kube: Kube, kind: str, workload: str, prefix: str) -> None:
    with each_change_once():
        faults.delete(kube, kind, workload, prefix, TIMEOUT_S)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "workload", "prefix"), [("StatefulSet", "kafka", "kafka-1"), ("Deployment", "connect", "connect-")])
def test_a_pod_deleted_without_grace_period_loses_and_doubles_no_change(
    each_change_once: Written, kube: Kube, command: Callable[..., Any], kind: str, workload: str, prefix: str
) -> None:
    with each_change_once():
        faults.delete_at_once(kube, command, kind, workload, prefix, TIMEOUT_S)


@pytest.mark.parametrize(
    ("prefix", "container"), [("kafka-2", "kafka"), pytest.param("postgresql-0", "postgresql", marks=pytest.mark.long)]
)
def test_a_container_killed_by_sigkill_loses_and_doubles_no_change(
    each_change_once: Written, kube: Kube, prefix: str, container: str
) -> None:
    with each_change_once():
        faults.kill(kube, prefix, container, TIMEOUT_S)


def test_a_killed_sink_commits_again_within_45_seconds(
    each_change_once: Written, outputs: dict[str, Any], archive: Archive, kube: Kube, figure: Callable[[str], None]
) -> None:
    """Source and sink run in one worker: SIGKILL ends both between two commits. Measured from the moment in which all tasks run again."""
    with each_change_once() as writer:
        took = faults.kill(kube, "connect-", "connect", TIMEOUT_S)
        _wait_for_tasks(outputs)
        answered = time.monotonic()
        writer.wait_for_rounds(1, TIMEOUT_S)
        newest = f"{writer.mark}{writer.rounds - 1}"
        while newest not in change_log.archived(archive, writer.mark):
            assert time.monotonic() - answered < TIMEOUT_S, "the sink has not committed again"
            time.sleep(0.5)
        paused = time.monotonic() - answered
    figure(f"a sink killed by SIGKILL: worker ready after {took:.0f} s, a new row in the archive {paused:.0f} s after its tasks ran")
    assert paused < SINK_PAUSE_S


def _wait_for_tasks(outputs: dict[str, Any]) -> None:
    """Until the worker says that every connector and task runs."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            found = connectors.statuses(outputs)
        except (NotNowError, RefusedError):
            found = {}
        if found and all(status.running for status in found.values()):
            return
        time.sleep(0.5)
    pytest.fail("the connectors do not run again")


@pytest.fixture
def letters(outputs: dict[str, Any]) -> Iterator[None]:
    """Put the dead letters of other tests into the topic again that a test deletes: without them, their records are missing."""
    servers = outputs["kafka"]["bootstrapServers"]
    before = [one for one in records.held(servers, DEAD_LETTERS, TIMEOUT_S) if MARK_HEADER not in dict(one.headers() or [])]
    yield
    records.write_again(servers, DEAD_LETTERS, before)
    if before:
        dropped = ["dlq", "drop", "--all", "--yes", "--reason", "a test wrote it", "--stack", "sandbox"]
        subprocess.run([sys.executable, "-m", "pipeline", *dropped], cwd=CHECKOUT, timeout=120, check=True, capture_output=True)


@pytest.mark.usefixtures("letters")
def test_up_makes_again_what_was_deleted_by_hand_and_nothing_else(
    each_change_once: Written, outputs: dict[str, Any], kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    worker = outputs["connect"]
    login = (worker["user"], worker["password"])
    with each_change_once() as writer:
        assert requests.delete(f"{worker['url']}/connectors/s3-sink-connector", auth=login, timeout=30).status_code == 204
        admin = AdminClient({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
        admin.delete_topics([DEAD_LETTERS])[DEAD_LETTERS].result(30)
        kube.delete("Deployment", NAMESPACE, "schema-registry")
        # the proof at its end compares the rows of database and archive, which never agree while others write
        with writer.paused():
            done = command("up")
        assert done.returncode == 0, done.stderr
        counts = _counts(done.stderr)
        assert (counts["created"], counts["deleted"]) == (3, 0), done.stderr
        assert DEAD_LETTERS in admin.list_topics(timeout=10).topics
        assert connectors.statuses(outputs)["s3-sink-connector"].connector.state == "RUNNING"


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_up_that_was_killed_is_completed_by_the_next(
    each_change_once: Written, kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]], how: int
) -> None:
    # what a shell starts in the background ignores Ctrl-C, and hands that on
    command_line = ["env", "--default-signal=INT", sys.executable, "-m", "pipeline", "sandbox", "up"]
    with each_change_once() as writer:
        kube.delete("Deployment", NAMESPACE, "connect")
        with subprocess.Popen(command_line, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            time.sleep(6)
            assert running.poll() is None, "there is something to interrupt"
            running.send_signal(how)
            assert running.wait(30) != 0
        # the proof at its end compares the rows of database and archive, which never agree while others write
        with writer.paused():
            done = command("up")
        assert done.returncode == 0, done.stderr
