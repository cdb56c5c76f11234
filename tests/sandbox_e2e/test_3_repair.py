"""What is right is left alone, what is broken is repaired, and no row is lost meanwhile."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka.admin import AdminClient

from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT
from settings.shop import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

NAMESPACE = "data-ingestion"
TIMEOUT_S = 300.0


def _counts(printed: str) -> dict[str, int]:
    return {word: int(number) for number, word in re.findall(r"(\d+) (created|updated|deleted|unchanged)", printed)}


def _insert(outputs: dict[str, Any], mark: str, number: int) -> None:
    with connect(outputs) as database:
        database.execute(
            "INSERT INTO users (email, first_name, last_name) SELECT %s || number, 'Still', 'Here' FROM generate_series(1, %s) AS number",
            [mark, number],
        )


def _names(kube: Kube, prefix: str) -> list[str]:
    return sorted(pod["metadata"]["name"] for pod in kube.list("Pod", NAMESPACE) if pod["metadata"]["name"].startswith(prefix))


def test_a_second_up_changes_nothing(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    done = command("up")
    assert done.returncode == 0, done.stderr
    counts = _counts(done.stderr)
    assert counts.pop("unchanged") > 80
    assert counts == {"created": 0, "updated": 0, "deleted": 0}, done.stderr


@pytest.mark.parametrize(
    ("kind", "workload", "prefix"),
    [
        ("StatefulSet", "kafka", "kafka-0"),
        ("StatefulSet", "kafka", "kafka-1"),
        ("StatefulSet", "kafka", "kafka-2"),
        ("Deployment", "schema-registry", "schema-registry-"),
        ("StatefulSet", "postgresql", "postgresql-0"),
        ("Deployment", "connect", "connect-"),
    ],
)
def test_no_row_is_lost_when_a_pod_is_deleted(
    outputs: dict[str, Any], archive: Archive, kube: Kube, mark: str, kind: str, workload: str, prefix: str
) -> None:
    _insert(outputs, f"{mark}-before-", 200)
    (pod,) = _names(kube, prefix)
    kube.delete("Pod", NAMESPACE, pod)
    kube.wait_ready(kind, NAMESPACE, workload, TIMEOUT_S)
    _insert(outputs, f"{mark}-after-", 200)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.duplicates("users") == 0


def test_up_makes_again_what_was_deleted_by_hand_and_nothing_else(
    outputs: dict[str, Any], archive: Archive, kube: Kube, mark: str, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    worker = outputs["connect"]
    login = (worker["user"], worker["password"])
    assert requests.delete(f"{worker['url']}/connectors/s3-sink-connector", auth=login, timeout=30).status_code == 204
    admin = AdminClient({"bootstrap.servers": outputs["kafka"]["bootstrap_servers"]})
    admin.delete_topics(["s3-sink-dlq"])["s3-sink-dlq"].result(30)
    kube.delete("Deployment", NAMESPACE, "schema-registry")
    done = command("up")
    assert done.returncode == 0, done.stderr
    counts = _counts(done.stderr)
    assert (counts["created"], counts["deleted"]) == (3, 0), done.stderr
    assert "s3-sink-dlq" in admin.list_topics(timeout=10).topics
    assert (
        requests.get(f"{worker['url']}/connectors/s3-sink-connector/status", auth=login, timeout=10).json()["connector"]["state"]
        == "RUNNING"
    )
    _insert(outputs, mark, 50)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_up_that_was_killed_is_completed_by_the_next(
    outputs: dict[str, Any], archive: Archive, kube: Kube, mark: str, command: Callable[..., subprocess.CompletedProcess[str]], how: int
) -> None:
    kube.delete("Deployment", NAMESPACE, "connect")
    # what a shell starts in the background ignores Ctrl-C, and hands that on
    command_line = ["env", "--default-signal=INT", sys.executable, "-m", "pipeline", "sandbox", "up"]
    with subprocess.Popen(command_line, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(6)
        assert running.poll() is None, "there is something to interrupt"
        running.send_signal(how)
        assert running.wait(30) != 0
    done = command("up")
    assert done.returncode == 0, done.stderr
    _insert(outputs, mark, 50)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
