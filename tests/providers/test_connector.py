"""The life of a connector against a worker that misbehaves by script."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from providers.kafkaconnect.connector import ConnectorOperations
from providers.kafkaconnect.rest import ConnectClient
from providers.kafkaconnect.watch import Tempo
from providers.operations import CancelledError, Change, IncompleteError, ProviderError
from stack.configs.classes import DEBEZIUM, GUARDED_DEBEZIUM, ICEBERG_SINK
from stack.unknown import UNKNOWN
from tests.providers.connect_worker import GOOD, NOT_FOUND, REBALANCING, Worker, complaints, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = {"connector.class": "a.b.PresentSink", "topics": "t", "tasks.max": "1", "x.password": "${env:P}"}
INPUTS = {"name": "c", "config": CONFIG}
FAST = Tempo(poll=0.01, steady=0.05, doubt=0.08, again=0.02, read=0.2)
STATUS = "GET /connectors/c/status"
VALIDATE = "PUT /connector-plugins/a.b.PresentSink/config/validate"
TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:636)
Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "debezium"
\tat org.postgresql.Driver.connect(Driver.java:1)
Caused by: java.lang.IllegalArgumentException: url jdbc:postgresql://h/d?password=hunter2
"""


class Heard:
    """A reporter that records its messages."""

    def __init__(self) -> None:
        """Start without messages."""
        self.waits: list[str] = []

    def waiting(self, text: str, /) -> None:
        """Record the message."""
        self.waits.append(text)

    def note(self, text: str, /) -> None:
        """Record the note."""
        self.waits.append(text)


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Yield a worker without connectors."""
    with serving(Worker()) as double:
        yield double


def operations(worker: Worker, *, timeout: float = 3.0, **more: Any) -> ConnectorOperations:
    """Return the operations on that worker's connectors at test speed."""
    client = ConnectClient(worker.url, "admin", "s3cret")
    return ConnectorOperations(client, timeout, more.pop("cancelled", threading.Event()), tempo=FAST, **more)


def test_a_connector_is_complete_when_everything_runs_and_stays_so(worker: Worker) -> None:
    """RUNNING once is not enough: a task that failed a moment later would be missed."""
    worker.script[STATUS] = [
        NOT_FOUND,
        status("RUNNING"),
        status("RUNNING", "UNASSIGNED"),
        status("RUNNING", "RUNNING"),
        status("RUNNING", "RUNNING", "RUNNING"),
    ]
    state = operations(worker).create(INPUTS)
    assert state.outputs == {**INPUTS, "state": "RUNNING", "tasks": 2}
    assert worker.live["c"] == {**CONFIG, "name": "c"}
    assert worker.requests("GET").count("/connectors/c/status") > 5


def test_every_request_is_authenticated(worker: Worker) -> None:
    """With the provider's user."""
    operations(worker).create(INPUTS)
    assert {header for *_, header in worker.calls} == {"Basic YWRtaW46czNjcmV0"}


def test_creating_what_is_already_right_changes_nothing(worker: Worker) -> None:
    """Converging twice must not restart a connector."""
    operations(worker).create(INPUTS)
    worker.calls.clear()
    operations(worker).create(INPUTS)
    assert [method for method, *_ in worker.calls] == ["GET", "GET", "GET"]


def test_a_rebalance_is_waited_out(worker: Worker) -> None:
    """Status 409 means later, not never."""
    worker.script["PUT /connectors/c/config"] = [REBALANCING, REBALANCING, GOOD]
    heard = Heard()
    assert operations(worker, reporter=heard).create(INPUTS).outputs["state"] == "RUNNING"
    assert worker.requests("PUT").count("/connectors/c/config") == 3
    assert any("stale configuration" in wait for wait in heard.waits)


def test_a_worker_that_is_still_starting_is_waited_for() -> None:
    """While time remains, a refused connection is not a failure."""
    with serving(Worker()) as first:
        port = int(first.url.rsplit(":", 1)[1])
    late = Worker()
    made: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        made_later = pool.submit(lambda: operations(first).create(INPUTS).id)
        time.sleep(0.1)
        with serving(late, port):
            made.append(made_later.result())
    assert made == ["c"]


def test_a_worker_that_never_answers_is_reported_with_its_address(worker: Worker) -> None:
    """The message names the address that was tried."""
    gone = ConnectorOperations(ConnectClient("http://127.0.0.1:9", None), 0.1, threading.Event(), tempo=FAST)
    with pytest.raises(ProviderError, match=r"no answer from http://127.0.0.1:9 \(connection refused\); check"):
        gone.create(INPUTS)
    worker.script["GET /connectors/c/config"] = [(503, {"message": "later"})]
    with pytest.raises(ProviderError, match="gave up after 0 s: later"):
        operations(worker, timeout=0.1).create(INPUTS)


def test_a_failed_task_ends_the_wait_with_cause_and_cure(worker: Worker) -> None:
    """The connector exists, so it is recorded; the trace is shortened to its cause; no password appears in it."""
    worker.script[STATUS] = [status("RUNNING", "FAILED", trace=TRACE)]
    with pytest.raises(IncompleteError) as caught:
        operations(worker).create(INPUTS)
    assert caught.value.state.outputs == {**INPUTS, "state": "FAILED", "tasks": 1}
    message = str(caught.value)
    assert message.splitlines()[0].startswith("connector c: task 0 failed: org.apache.kafka.connect.errors.ConnectException")
    assert "Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed" in message
    assert "What to do: the database refuses the role's password" in message
    assert "hunter2" not in message
    assert "WorkerSinkTask.java" not in message


def test_a_refused_database_ends_the_wait_with_the_position_and_the_cure(worker: Worker) -> None:
    """No message of PostgreSQL's own is in the trace, and the reason is not cut before it has said why."""
    refused = (
        "dataingestion.connect.DatabaseWentBackException: The database went back in time, or is another one: the archive holds changes up "
        "to LSN{FFFFFFFF/FFFFFFFF}, and of the server (system 18446744073709551615, timeline 4294967295, written up to "
        "LSN{FFFFFFFF/FFFFFFFF}): it left the position's timeline 4294967294 at LSN{FFFFFFFF/FFFFFFFF}, before the position. Nothing is "
        "read\n\tat dataingestion.connect.GuardedPostgresTask.check(GuardedPostgresTask.java:89)"
    )
    worker.script[STATUS] = [status("RUNNING", "FAILED", trace=refused)]
    with pytest.raises(IncompleteError) as caught:
        operations(worker).create(INPUTS)
    message = str(caught.value)
    assert ", before the position. Nothing is" in message
    assert "What to do: bring back the database to which the position belongs" in message
    assert "run 'python -m pipeline epoch begin'" in message


def test_a_value_that_debezium_cannot_convert_ends_the_wait_with_the_column_and_the_cure(worker: Worker) -> None:
    trace = (
        "org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer. This connector will be "
        "stopped.\n\tat A\nCaused by: io.debezium.DebeziumException: Failed to properly convert data value for 'public.users.share' of "
        "type numeric\n\tat B"
    )
    worker.script[STATUS] = [status("RUNNING", "FAILED", trace=trace)]
    with pytest.raises(IncompleteError, match=r"(?s)'public\.users\.share' of type numeric.*What to do: Debezium has no form for a value"):
        operations(worker).create(INPUTS)


def test_a_failed_connector_is_restarted_once(worker: Worker) -> None:
    """A PUT of the same configuration restarts nothing, so the repair must."""
    worker.live["c"] = {**CONFIG, "name": "c"}
    failed = status("RUNNING", "FAILED", trace="boom")
    worker.script[STATUS] = [failed, failed, status("RUNNING", "RUNNING")]
    assert operations(worker).create(INPUTS).outputs["state"] == "RUNNING"
    assert worker.requests("POST") == ["/connectors/c/restart?includeTasks=true&onlyFailed=true"]
    assert "/connectors/c/config" not in worker.requests("PUT")


def test_a_failure_that_outlives_the_restart_counts(worker: Worker) -> None:
    """It is restarted once, not for ever."""
    worker.live["c"] = {**CONFIG, "name": "c"}
    worker.script[STATUS] = [status("RUNNING", "FAILED", trace="boom")]
    with pytest.raises(IncompleteError, match="boom"):
        operations(worker).create(INPUTS)
    assert len(worker.requests("POST")) == 1


def test_a_paused_connector_is_resumed(worker: Worker) -> None:
    """A manual pause is drift."""
    worker.live["c"] = {**CONFIG, "name": "c"}
    worker.script[STATUS] = [status("PAUSED", "PAUSED"), status("RUNNING", "RUNNING")]
    worker.script["PUT /connectors/c/resume"] = [(202, None)]
    assert operations(worker).create(INPUTS).outputs["state"] == "RUNNING"


def test_a_connector_that_never_runs_is_reported_with_its_last_state(worker: Worker) -> None:
    """Not only that the time limit has passed."""
    worker.script[STATUS] = [status("RUNNING", "UNASSIGNED")]
    with pytest.raises(IncompleteError, match="connector RUNNING, task 0 UNASSIGNED"):
        operations(worker, timeout=0.15).create(INPUTS)


def test_cancelling_ends_a_wait_at_once(worker: Worker) -> None:
    """Ctrl-C must not wait for the time limit."""
    worker.script[STATUS] = [status("RUNNING", "UNASSIGNED")]
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(CancelledError, match="task 0 UNASSIGNED"):
        operations(worker, timeout=30, cancelled=cancelled).create(INPUTS)
    assert time.monotonic() - began < 15


def test_validation_errors_about_form_are_final(worker: Worker) -> None:
    """Nothing was put, nothing was waited for, and the value of a credential is not repeated."""
    worker.script[VALIDATE] = [complaints(topics="Invalid value x for configuration topics: no", x__password="Invalid value hunter2")]
    with pytest.raises(ProviderError) as caught:
        operations(worker).create(INPUTS)
    assert "config.topics: Invalid value x" in str(caught.value)
    assert 'config["x.password"]: the worker refuses the value (not shown)' in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert worker.live == {}


def test_validation_errors_about_other_systems_are_retried(worker: Worker) -> None:
    """The database may become ready a second later; if it stays away, its address is named."""
    refused = complaints(database__hostname="Error while validating connector config: Connection to db:5432 refused")
    worker.script[VALIDATE] = [refused, complaints()]
    ops = operations(worker, timeout=10)
    assert ops.create(INPUTS).outputs["state"] == "RUNNING"
    worker.live.clear()
    worker.script[VALIDATE] = [refused]
    with pytest.raises(ProviderError, match=r"Connection to db:5432 refused — nothing answers there"):
        operations(worker, timeout=0.1).create(INPUTS)


def test_a_plugin_that_is_not_in_the_image_is_named_with_those_that_are(worker: Worker) -> None:
    """The usual cause is a typing error in the class."""
    worker.script[VALIDATE] = [
        (500, {"message": "…BadRequestException: …ConnectException: Failed to find any class that implements Connector"})
    ]
    with pytest.raises(ProviderError, match=r"the worker has no a\.b\.PresentSink; its image has: a\.b\.PresentSink"):
        operations(worker).create(INPUTS)


def test_a_wrong_rest_password_is_reported_without_the_password(worker: Worker) -> None:
    """Status 401 is not retried."""
    worker.script["GET /connectors/c/config"] = [(401, {"message": "User cannot access the resource."})]
    with pytest.raises(ProviderError, match="refuses user 'admin'") as caught:
        operations(worker).create(INPUTS)
    assert "s3cret" not in str(caught.value)


def test_check_reports_the_form_only_and_never_hangs(worker: Worker) -> None:
    """During a preview, neither the systems behind the connector nor the worker need to exist yet."""
    worker.script[VALIDATE] = [complaints(topics="Invalid value x for configuration topics: no", database__hostname="Unable to connect")]
    assert [problem.path for problem in operations(worker).check(INPUTS)] == ["config.topics"]
    gone = ConnectorOperations(ConnectClient("http://127.0.0.1:9", None), 60, threading.Event())
    assert gone.check(INPUTS) == []


def test_check_asks_no_worker_for_invalid_or_unknown_configurations(worker: Worker) -> None:
    """An incomplete configuration can only be misjudged."""
    assert operations(worker).check({"name": "c", "config": {**CONFIG, "tasks.max": 1}})
    assert operations(worker).check({"name": "c", "config": {**CONFIG, "topics": UNKNOWN}}) == []
    assert worker.calls == []


def test_read_shows_drift_but_not_our_own_addition(worker: Worker) -> None:
    """The worker adds ``name``; a value changed by hand is shown; a password added by hand is not copied into the state."""
    worker.live["c"] = {**CONFIG, "name": "c", "tasks.max": "9", "y.password": "hunter2"}
    state = operations(worker).read("c", INPUTS)
    assert state is not None
    assert state.outputs["config"] == {**CONFIG, "tasks.max": "9", "y.password": "[a credential in clear]"}
    assert operations(worker).read("other", None) is None


def test_delete_waits_for_the_removal_and_accepts_a_missing_connector(worker: Worker) -> None:
    """First 409, then deleted, then already deleted."""
    worker.live["c"] = {}
    worker.script["DELETE /connectors/c"] = [REBALANCING, GOOD]
    worker.script[STATUS] = [status("RUNNING"), NOT_FOUND]
    operations(worker).delete("c", {})
    operations(worker).delete("c", {})
    assert worker.live == {}
    assert len(worker.requests("DELETE")) == 3


def test_a_failure_that_may_pass_is_started_again(worker: Worker) -> None:
    """A Secret mounted a minute late, an identity not yet known everywhere: the worker would not retry by itself."""
    denied = status("RUNNING", "FAILED", trace="x.S3Exception: Access Denied (Service: S3, Status Code: 403, AccessDenied)")
    worker.script[STATUS] = [denied, denied, denied, status("RUNNING", "RUNNING")]
    heard = Heard()
    assert operations(worker, reporter=heard).create(INPUTS).outputs["state"] == "RUNNING"
    assert worker.requests("POST") != []
    assert any("the object store refuses the worker's identity" in wait for wait in heard.waits)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({}, {}, []),
        ({}, {"config": {**CONFIG, "tasks.max": "2"}}, [Change('config["tasks.max"]', "update")]),
        ({}, {"config": {**CONFIG, "a.b": "2"}}, [Change('config["a.b"]', "add")]),
        ({"config": {**CONFIG, "a": "2"}}, {}, [Change("config.a", "delete")]),
        ({}, {"name": "d"}, [Change("name", "update", replace=True)]),
        (
            {},
            {"config": {**CONFIG, "connector.class": "d.E"}},
            [Change('config["connector.class"]', "update", replace=True)],
        ),
        (
            {"config": {**CONFIG, "connector.class": DEBEZIUM}},
            {"config": {**CONFIG, "connector.class": GUARDED_DEBEZIUM}},
            [Change('config["connector.class"]', "update")],
        ),
        (
            {"config": {**CONFIG, "connector.class": DEBEZIUM}},
            {"config": {**CONFIG, "connector.class": ICEBERG_SINK}},
            [Change('config["connector.class"]', "update", replace=True)],
        ),
        ({"state": "FAILED"}, {}, [Change("state", "update")]),
        ({}, {"config": UNKNOWN}, [Change("config", "update")]),
    ],
)
def test_the_difference_is_reported_key_by_key(old: dict[str, Any], new: dict[str, Any], changes: list[Change]) -> None:
    """Only another name means another connector, or a class that would not go on from the same positions."""
    silent = ConnectorOperations(ConnectClient("http://127.0.0.1:9"), 1, threading.Event())
    assert silent.diff({**INPUTS, "state": "RUNNING", "tasks": 1, **old}, {**INPUTS, **new}) == changes
