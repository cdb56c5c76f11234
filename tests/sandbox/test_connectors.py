"""What the worker's REST API says of the connectors, in the sandbox's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox import connectors
from tests.providers.connect_worker import Worker, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:634)
Caused by: software.amazon.awssdk.services.s3.model.NoSuchBucketException: password=hunter2
\tat java.base/java.lang.Thread.run(Thread.java:840)"""


@pytest.fixture
def worker() -> Iterator[Worker]:
    with serving(Worker()) as made:
        yield made


def outputs(worker: Worker) -> dict[str, Any]:
    return {"connect": {"url": worker.url, "user": "admin", "password": "a-password"}}


def told(worker: Worker, **states: Any) -> None:
    """Let the worker list connectors with these statuses."""
    worker.script["GET /connectors?expand=status"] = [(200, {name: {"status": answer[1]} for name, answer in states.items()})]


def test_every_connector_has_a_status(worker: Worker) -> None:
    told(worker, sink=status("RUNNING", "RUNNING", "PAUSED"), source=status("RUNNING", "RUNNING"))
    found = connectors.statuses(outputs(worker))
    assert {name: str(one) for name, one in found.items()} == {
        "sink": "connector RUNNING, task 0 RUNNING, task 1 PAUSED",
        "source": "connector RUNNING, task 0 RUNNING",
    }
    assert connectors.failures(outputs(worker)) == []


def test_a_failure_is_told_in_the_few_lines_that_matter_with_the_cure_and_no_password(worker: Worker) -> None:
    told(worker, sink=status("RUNNING", "FAILED", trace=TRACE))
    (failure,) = connectors.failures(outputs(worker))
    first, *lines = failure.splitlines()
    assert first == "  sink, task 0:"
    assert [line.strip().partition(":")[0] for line in lines] == [
        "org.apache.kafka.connect.errors.ConnectException",
        "Caused by",
        "What to do",
    ]
    assert "hunter2" not in failure


@pytest.mark.parametrize("answer", [(503, {"message": "starting"}), (404, {"message": "not found"}), (401, {"message": "who?"})])
def test_a_worker_that_does_not_answer_just_now_has_not_failed(worker: Worker, answer: Any) -> None:
    worker.script["GET /connectors?expand=status"] = [answer]
    assert connectors.failures(outputs(worker)) == []
    assert connectors.failures({"connect": {"url": "http://127.0.0.1:1", "user": "admin", "password": ""}}) == []


def test_what_has_failed_is_refused_with_what_to_do() -> None:
    with pytest.raises(connectors.ConnectorFailedError, match=r"(?s)has not helped:\n  sink, task 0:\n.*run 'make sandbox' again"):
        connectors.refuse(["  sink, task 0:\n    no such bucket"])
