"""The readiness gate before topics: every state of a cluster that is almost ready."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from providers.kafkaconnect.librdkafka import PASSWORD_VARIABLE, USER_VARIABLE, client
from providers.kafkaconnect.readiness import ClusterReadyOperations, Metadata, NotReadyError, ask, cluster_id
from providers.operations import CancelledError, ProviderError
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUTS = {"bootstrapServers": ["127.0.0.1:1", "127.0.0.1:2"], "brokers": 2, "rollout": "a", "timeoutSeconds": 1}


@pytest.fixture
def port() -> Iterator[int]:
    """Yield a port that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_kafka_is_ready_when_all_listeners_agree_and_all_addresses_answer(port: int) -> None:
    """The gate returns the cluster's id."""
    good = Metadata("abc", {1: ("127.0.0.1", port), 2: ("127.0.0.1", port)})
    state = ClusterReadyOperations(threading.Event(), asked=lambda *_: good).create(INPUTS)
    assert (state.id, state.outputs) == ("ready:abc", {**INPUTS, "clusterId": "abc"})


def test_a_missing_broker_a_dead_address_and_a_foreign_listener_are_named(port: int) -> None:
    """One sentence each."""
    here, dead = ("127.0.0.1", port), ("127.0.0.1", 9)
    with pytest.raises(NotReadyError, match="a:1 knows 1 of 2 brokers"):
        cluster_id(["a:1"], 2, lambda *_: Metadata("x", {1: here}))
    with pytest.raises(NotReadyError, match=r"broker 2 advertises 127\.0\.0\.1:9 to clients of a:1, and nothing answers"):
        cluster_id(["a:1"], 2, lambda *_: Metadata("x", {1: here, 2: dead}))
    with pytest.raises(NotReadyError, match="different clusters: a to a, b to b"):
        cluster_id(["a", "b"], 1, lambda server, _: Metadata(server, {1: here}))


def test_the_wait_reports_its_reason_until_the_time_limit(port: int) -> None:
    """It waits for a late broker; for an absent one it ends with the reason."""
    answers = [Metadata("x", {}), Metadata("x", {1: ("127.0.0.1", port), 2: ("127.0.0.1", port)})]
    late = ClusterReadyOperations(threading.Event(), asked=lambda *_: answers.pop(0) if len(answers) > 1 else answers[0], poll=0.01)
    assert late.create(INPUTS).outputs["clusterId"] == "x"
    never = ClusterReadyOperations(threading.Event(), asked=lambda *_: Metadata("x", {}), poll=0.01)
    with pytest.raises(ProviderError, match=r"not ready after 0 s: 127\.0\.0\.1:1 knows 0 of 2 brokers"):
        never.create({**INPUTS, "timeoutSeconds": 0.05})


def test_it_can_be_cancelled() -> None:
    """Ctrl-C ends the wait."""
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(CancelledError):
        ClusterReadyOperations(cancelled, asked=lambda *_: Metadata("x", {})).create(INPUTS)


def test_a_port_without_kafka_is_reported_as_such(capfd: pytest.CaptureFixture[str]) -> None:
    """By the real client, whose own log lines are suppressed."""
    with pytest.raises(NotReadyError, match=r"127\.0\.0\.1:9 does not answer \(transport\)"):
        ask("127.0.0.1:9", {}, seconds=0.3)
    assert capfd.readouterr() == ("", "")


def test_a_login_comes_from_the_environment_or_is_reported_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the Kafka provider itself, so that no password is an input."""
    for name in (USER_VARIABLE, PASSWORD_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    assert client({}) == {"security.protocol": "plaintext"}
    assert client({"protocol": "SSL", "mechanism": "PLAIN"}) == {"security.protocol": "ssl"}
    login = {"protocol": "SASL_SSL", "mechanism": "SCRAM-SHA-512"}
    with pytest.raises(ProviderError, match=f"{USER_VARIABLE} and {PASSWORD_VARIABLE} not in the environment"):
        client(login)
    monkeypatch.setenv(USER_VARIABLE, "writer")
    monkeypatch.setenv(PASSWORD_VARIABLE, "p4ss")
    assert client(login) == {
        "security.protocol": "sasl_ssl", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "writer", "sasl.password": "p4ss",
    }  # fmt: skip
    with pytest.raises(NotReadyError, match="does not answer"):
        ask("127.0.0.1:9", login, seconds=0.3)


def test_every_input_is_checked_and_any_change_asks_again() -> None:
    """An update, never a replacement: topics depend on the gate."""
    gate = ClusterReadyOperations(threading.Event())
    bad = {"bootstrapServers": ["nowhere", "a:0"], "brokers": 0, "rollout": None, "timeoutSeconds": 0}
    assert [problem.path for problem in gate.check(bad)] == [
        "bootstrapServers[0]", "bootstrapServers[1]", "brokers", "timeoutSeconds", "rollout",
    ]  # fmt: skip
    assert gate.check(INPUTS) == []
    old = {**INPUTS, "clusterId": "x"}
    assert gate.diff(old, INPUTS) == []
    assert [(change.path, change.replace) for change in gate.diff(old, {**INPUTS, "rollout": "b"})] == [("rollout", False)]


@pytest.mark.parametrize(("before", "after"), [({}, {}), ({}, {"epoch": 2}), ({"epoch": 2}, {"epoch": 3}), ({"epoch": 2}, {"epoch": 2})])
def test_an_epoch_may_stay_or_rise(before: dict[str, int], after: dict[str, int]) -> None:
    assert ClusterReadyOperations(threading.Event()).check({**INPUTS, **after}, {**INPUTS, **before}) == []


@pytest.mark.parametrize("after", [{}, {"epoch": 1}, {"epoch": 2}])
def test_a_lower_epoch_is_refused_with_the_one_to_keep(after: dict[str, int]) -> None:
    (problem,) = ClusterReadyOperations(threading.Event()).check({**INPUTS, **after}, {**INPUTS, "epoch": 3})
    assert problem.path == "epoch"
    assert "is lower than 3" in problem.text
    assert "set streaming.epoch to 3, or to 4" in problem.text


@pytest.mark.parametrize("epoch", [0, -1, "2", True, 1.5])
def test_an_epoch_is_a_whole_number_from_1(epoch: object) -> None:
    (problem,) = ClusterReadyOperations(threading.Event()).check({**INPUTS, "epoch": epoch})
    assert "is not a whole number from 1" in problem.text


def test_a_topic_may_gain_partitions_but_never_lose_one() -> None:
    """The Kafka provider would replace the topic and so delete every row in it."""
    gate = ClusterReadyOperations(threading.Event())

    def problem_paths(before: object, after: object) -> list[str]:
        return [problem.path for problem in gate.check({**INPUTS, "partitions": after}, {**INPUTS, "partitions": before})]

    assert problem_paths({"a": 6, "b": 3}, {"a": 3, "b": 2}) == ['partitions["a"]', 'partitions["b"]']
    assert problem_paths({"a": 6}, {"a": 12, "c": 1}) == []
    assert problem_paths({"a": 6, "b": 1}, {"a": 6}) == []
    assert problem_paths(None, {"a": 1}) == problem_paths(UNKNOWN, {"a": 1}) == problem_paths({"a": 6}, {"a": UNKNOWN}) == []
    assert gate.check({**INPUTS, "partitions": {"a": 1}}) == []
    (problem,) = gate.check({**INPUTS, "partitions": {"a": 3}}, {**INPUTS, "partitions": {"a": 6}})
    assert "3 partitions are fewer than the existing 6" in problem.text
    assert "keep 6" in problem.text
