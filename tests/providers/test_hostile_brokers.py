"""Brokers that advertise anything, or answer nothing: the gate waits within its limit, and ends with one sentence."""

from __future__ import annotations

import random
import socket
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from providers.kafkaconnect import librdkafka, provider, readiness
from providers.kafkaconnect.positions import without_position
from providers.kafkaconnect.readiness import ClusterReadyOperations, Metadata, NotReadyError, ask, cluster_id
from providers.operations import ProviderError
from tests.providers.hostile_server import BROKEN, UNENDING, hostile, measured

if TYPE_CHECKING:
    from collections.abc import Iterator

INPUTS = {"bootstrapServers": ["127.0.0.1:1"], "brokers": 1, "rollout": "a", "timeoutSeconds": 1}
HOSTS = (
    *("", "0.0.0.0", "::", "[::]", "None", "a..b", "-", " ", "\0", "\x1b[2J", "\u202e", "\ud800", "x" * 300, "ä" * 100, "xn--", "a b"),  # noqa: S104 - refused
    *("127.0.0.1\n", "http://127.0.0.1", "127.0.0.1:9", "%00", "999.999.999.999", "null"),
)
PORTS = (-1, 0, 9, 65536, 2**31, 2**63)


@pytest.fixture
def port() -> Iterator[int]:
    """Yield a port that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def gate(metadata: Metadata) -> ClusterReadyOperations:
    """Return the gate of a cluster with this metadata."""
    return ClusterReadyOperations(threading.Event(), asked=lambda *_: metadata, poll=0.01)


@pytest.mark.adversary("inputs")
def test_no_advertised_address_makes_an_unclean_error_or_an_early_yes(port: int) -> None:
    rng, count = random.Random(7), 0  # noqa: S311 - cases, no secrets
    for host in HOSTS:
        for number in (port, rng.choice(PORTS)):
            with pytest.raises(NotReadyError, match=r"^broker 1 advertises ") as caught:
                cluster_id(["a:1"], 1, lambda *_, address=(host, number): Metadata("x", {1: address}))  # type: ignore[misc]
            assert all(char.isprintable() for char in str(caught.value))
            assert len(str(caught.value)) < 700
            count += 1
    for number in PORTS:
        with pytest.raises(NotReadyError):
            cluster_id(["a:1"], 1, lambda *_, address=("127.0.0.1", number): Metadata("x", {1: address}))  # type: ignore[misc]
    assert count == 2 * len(HOSTS)


@pytest.mark.parametrize("told", ["", " ", "a b", "\n", "\x1b[2J", "x" * 300, "ä"])
def test_a_cluster_without_a_usable_id_is_not_ready(port: int, told: str) -> None:
    with pytest.raises(NotReadyError, match="a:1 tells no id of its cluster"):
        cluster_id(["a:1"], 1, lambda *_: Metadata(told, {1: ("127.0.0.1", port)}))


@pytest.mark.adversary("scans")
def test_thousands_of_brokers_that_accept_slowly_do_not_outlive_the_limit() -> None:
    """Each dead address takes two seconds; an address that several brokers advertise is tried once."""
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        address = full.getsockname()
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(address)
        many = Metadata("x", {n: (f"127.0.{n // 250}.{n % 250 + 1}", address[1]) for n in range(5000)} | {0: address})
        seconds, error = measured(lambda: gate(many).create({**INPUTS, "timeoutSeconds": 1}))
    assert isinstance(error, ProviderError), error
    assert seconds < 4


def test_the_same_address_of_thousands_is_tried_once(port: int) -> None:
    same = Metadata("x", dict.fromkeys(range(20_000), ("127.0.0.1", port)))
    seconds, state = measured(lambda: gate(same).create(INPUTS))
    assert state.outputs["clusterId"] == "x"
    assert seconds < 2


@pytest.mark.parametrize("behaviour", [*UNENDING, *BROKEN])
@pytest.mark.adversary("scans")
def test_what_is_no_kafka_is_given_up_in_time(behaviour: str) -> None:
    """With the real client, against HTTP, silence, drips and garbage."""
    with hostile({**UNENDING, **BROKEN}[behaviour]) as url:
        seconds, error = measured(partial(ask, url.removeprefix("http://"), {}, 0.3))
    assert isinstance(error, NotReadyError), error
    assert "does not answer" in str(error)
    assert seconds < 2.5


def test_a_look_up_that_hangs_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No library bounds the look-up of a name."""
    ended = threading.Event()

    def hanging(*_: Any, **__: Any) -> Any:
        ended.wait(30)
        raise OSError

    monkeypatch.setattr(socket, "create_connection", hanging)
    monkeypatch.setattr(readiness, "_CONNECT_SECONDS", 0.2)
    seconds, error = measured(partial(cluster_id, ["a:1"], 1, lambda *_: Metadata("x", {1: ("h", 1)})))
    ended.set()
    assert isinstance(error, NotReadyError)
    assert seconds < 2


@pytest.mark.parametrize(
    ("security", "path"),
    [
        (7, "security"),
        ({"protocol": "sasl_ssl"}, "security.protocol"),
        ({"protocol": None}, "security.protocol"),
        ({"protocol": "SASL_SSL"}, "security.mechanism"),
        ({"protocol": "SASL_SSL", "mechanism": 3}, "security.mechanism"),
    ],
)
def test_security_that_no_client_takes_is_refused_in_the_preview(security: object, path: str) -> None:
    gate_ = ClusterReadyOperations(threading.Event())
    assert [problem.path for problem in gate_.check({**INPUTS, "security": security})] == [path]
    assert gate_.check({**INPUTS, "security": {"protocol": "SASL_SSL", "mechanism": "SCRAM-SHA-512"}}) == []
    assert gate_.check({**INPUTS, "security": {"protocol": "SSL"}}) == []


def test_settings_that_the_kafka_client_refuses_are_a_clean_error_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(librdkafka.USER_VARIABLE, "u")
    monkeypatch.setenv(librdkafka.PASSWORD_VARIABLE, "hunter2")
    security = {"protocol": "SASL_SSL", "mechanism": "NOTHING"}
    settings = {"bootstrap.servers": "a:1", **librdkafka.client(security)}
    for work in (partial(ask, "a:1", security, 0.2), partial(without_position, settings, "group", "topic", 1)):
        with pytest.raises(ProviderError, match="the Kafka client refuses the settings for a:1: ") as caught:
            work()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "says"),
    [(KafkaError._TIMED_OUT, "a:1 does not answer (timed_out)"), (KafkaError.UNKNOWN_MEMBER_ID, "a:1 refuses: KafkaError{")],
)
def test_a_broker_that_refuses_is_told_from_one_that_does_not_answer_and_no_password_is_shown(code: int, says: str) -> None:
    def work() -> None:
        raise KafkaException(KafkaError(code, "hunter2 is wrong\nhere"))

    with pytest.raises(librdkafka.UnansweredError) as caught:
        librdkafka.answered({"bootstrap.servers": "a:1", "sasl.password": "hunter2"}, 1, work)
    assert str(caught.value).startswith(says)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://h:99999", "http://h:x", "http://h:0", "http://", "ftp://h", "h:8083", 7, None, "http://h/?a=b", "http://h#x"],
)
def test_an_address_of_a_worker_that_is_none_is_refused(url: object) -> None:
    assert [problem.path for problem in provider.config_problems({"url": url})] == ["url"]


@pytest.mark.parametrize("url", ["http://h", "https://h:8083/", "http://[::1]:8083", "http://h/connect", "http://127.0.0.1:1"])
def test_an_address_of_a_worker_is_accepted(url: str) -> None:
    assert provider.config_problems({"url": url}) == []


@pytest.mark.parametrize("seconds", ["nan", "inf", float("nan"), float("inf"), 0, -1, "x", None, [], 10**400])
def test_a_limit_that_is_no_time_is_refused(seconds: object) -> None:
    assert [problem.path for problem in provider.config_problems({"url": "http://h", "timeoutSeconds": seconds})] == ["timeoutSeconds"]
