"""The worker's REST interface: who may do what, and what is written of it, on a worker of the image with the stack's properties."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from stack.configs.classes import GUARDED_DEBEZIUM
from stack.specification.logs import LINE
from tests.declared import _settings
from tests.images import whole_worker
from tests.images.java_process import broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.images.java_process import Java

pytestmark = pytest.mark.sandbox

USERS = {"operator": "the-operators-word", "reader": "the-readers-word"}
SECRET = "not-for-a-log"
NAME = "a-connector"
CONFIG = {"connector.class": GUARDED_DEBEZIUM, "tasks.max": "1", "database.hostname": "127.0.0.1", "database.password": SECRET}
FOREIGN = {**CONFIG, "producer.override.sasl.jaas.config": "a.Login required;", "producer.override.linger.ms": "5"}


@pytest.fixture(scope="module")
def worker(staged: Path, staged_brokers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Java, str]]:
    """Run a broker and a worker whose REST interface has the operator and the reader."""
    settings = _settings("sandbox", {"monitoring": {"enabled": True}})
    plugins = whole_worker.unpacked(staged, tmp_path_factory.mktemp("unpacked") / "plugins")
    with broker(tmp_path_factory.mktemp("broker"), staged_brokers, monitored=False) as (kafka, bootstrap):
        whole_worker.create_topics(settings, bootstrap, kafka)
        with whole_worker.worker(tmp_path_factory.mktemp("worker"), plugins, staged, settings, bootstrap, USERS) as (java, rest):
            whole_worker.until(lambda: _answers(rest), java)
            yield java, rest


def _answers(rest: str) -> bool:
    try:
        return asked(rest, "GET", "/connectors", "operator").status == 200
    except urllib3.exceptions.HTTPError:
        return False


def asked(rest: str, method: str, path: str, user: str | None, body: Any = None, password: str | None = None) -> Any:
    """Return the answer to a request of a user, or of none."""
    login = base64.b64encode(f"{user}:{password or USERS.get(str(user))}".encode()).decode()
    headers = {"Authorization": f"Basic {login}"} if user else {}
    return urllib3.request(method, f"{rest}{path}", json=body, headers=headers, timeout=60.0, retries=False)


def trail(java: Java) -> list[str]:
    """Return the lines of the trail, without addresses."""
    lines = [LINE.match(line) for line in java.log.read_text(encoding="utf-8").splitlines()]
    return [re.sub(r" at [0-9a-f.:]+: ", ": ", found["message"]) for found in lines if found and found["part"] == "trail"]


def test_an_operator_changes_and_each_change_is_written_without_its_body(worker: tuple[Java, str]) -> None:
    java, rest = worker
    before = len(trail(java))
    assert asked(rest, "PUT", f"/connectors/{NAME}/config", "operator", CONFIG).status == 400
    assert asked(rest, "GET", "/connectors", "operator").status == 200
    (line,) = trail(java)[before:]
    assert re.fullmatch(rf"operator: PUT /connectors/{NAME}/config, answered \d+", line)
    assert SECRET not in java.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/connectors"),
        ("PUT", f"/connectors/{NAME}/config"),
        ("PATCH", f"/connectors/{NAME}/config"),
        ("DELETE", f"/connectors/{NAME}"),
        ("POST", f"/connectors/{NAME}/restart"),
        ("PUT", f"/connectors/{NAME}/pause"),
        ("PUT", f"/connectors/{NAME}/stop"),
        ("DELETE", f"/connectors/{NAME}/offsets"),
        ("PATCH", f"/connectors/{NAME}/offsets"),
        ("PUT", "/connector-plugins/GuardedPostgresConnector/config/validate"),
        ("PUT", "/admin/loggers/root"),
    ],
)
def test_a_reader_changes_nothing_and_each_attempt_is_written(worker: tuple[Java, str], method: str, path: str) -> None:
    java, rest = worker
    before = len(trail(java))
    answer = asked(rest, method, path, "reader", CONFIG)
    assert answer.status == 403
    assert answer.json() == {"error_code": 403, "message": f"the user reader may only read; {method} is for the operator"}
    assert trail(java)[before:] == [f"reader: {method} {path}, answered 403"]


@pytest.mark.parametrize("path", ["/", "/connectors", "/connectors?expand=status&expand=info", "/connector-plugins", "/health"])
def test_a_reader_reads_and_nothing_is_written(worker: tuple[Java, str], path: str) -> None:
    java, rest = worker
    before = len(trail(java))
    assert asked(rest, "GET", path, "reader").status == 200
    assert trail(java)[before:] == []


@pytest.mark.parametrize(("user", "password"), [(None, None), ("operator", "wrong"), ("reader", USERS["operator"]), ("stranger", "at-all")])
def test_whoever_has_no_login_is_refused_and_written_without_what_was_given(
    worker: tuple[Java, str], user: str | None, password: str | None
) -> None:
    java, rest = worker
    before = len(trail(java))
    assert asked(rest, "DELETE", f"/connectors/{NAME}", user, password=password).status == 401
    assert trail(java)[before:] == [f"-: DELETE /connectors/{NAME}, answered 401"]


def test_no_path_ends_a_line_or_fills_the_log(worker: tuple[Java, str]) -> None:
    java, rest = worker
    before = len(trail(java))
    # the server itself refuses the escape of a line's end
    assert asked(rest, "DELETE", "/connectors/one%0Atwo", "reader").status == 400
    assert asked(rest, "DELETE", "/connectors/one%C2%85%E2%80%A8two", "reader").status == 403
    assert asked(rest, "DELETE", f"/connectors/{'x' * 3000}", "reader").status == 403
    short, long = trail(java)[before:]
    assert short == "reader: DELETE /connectors/one%C2%85%E2%80%A8two, answered 403"
    assert len(long) < 400


def test_no_connector_brings_a_login_of_its_own(worker: tuple[Java, str]) -> None:
    """A login names a class, which the worker would load."""
    _, rest = worker
    answer = asked(rest, "PUT", "/connector-plugins/GuardedPostgresConnector/config/validate", "operator", FOREIGN)
    assert answer.status == 200
    faults = {one["value"]["name"]: one["value"]["errors"] for one in answer.json()["configs"]}
    assert "does not allow 'sasl.jaas.config'" in str(faults["producer.override.sasl.jaas.config"])
    assert faults["producer.override.linger.ms"] == []
