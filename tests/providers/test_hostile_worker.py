"""A server in the place of the worker that answers with anything: every call ends in time, with an answer of Connect or a clean error."""

from __future__ import annotations

import json
import random
import threading
import tracemalloc
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from providers.kafkaconnect import asking, connector
from providers.kafkaconnect.connector import ConnectorOperations
from providers.kafkaconnect.errors import AwayError, ForeignError, NotNowError
from providers.kafkaconnect.rest import ConnectClient
from providers.kafkaconnect.watch import Tempo
from providers.operations import IncompleteError, ProviderError
from providers.unreachable import SWITCH
from tests.providers.connect_worker import NOT_FOUND, Worker, complaints, serving, status
from tests.providers.hostile_server import BROKEN, LARGE, UNENDING, Connection, hostile, http, measured, saying

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[ConnectClient], Any]

CLASS = "a.b.PresentSink"
CONFIG = {"connector.class": CLASS, "topics": "t", "tasks.max": "1"}
INPUTS = {"name": "c", "config": CONFIG}
END = {"config": {"slot.drop.on.stop": "true"}, "otherwise": "SELECT by_hand();"}
STATE = {**INPUTS, "removal": END, "state": "RUNNING", "tasks": 1}
FAST = Tempo(poll=0.01, steady=0.02, doubt=0.02, again=0.02, read=0.1, removal=0.1, given_up=0.1)
LONGEST_MESSAGE = 8000
DEEP = "[" * 100_000

# each method of the client, with the marks of the bodies that it may take for Connect's own
CALLS: dict[str, tuple[Call, set[str]]] = {
    "config": (lambda client: client.config("c", seconds=2), {"config"}),
    "status": (lambda client: client.status("c", seconds=2), {"status"}),
    "statuses": (lambda client: client.statuses(seconds=2), {"statuses", "object"}),
    "put": (lambda client: client.put("c", CONFIG, seconds=2), {"connector"}),
    "restart_failed": (lambda client: client.restart_failed("c", seconds=2), {"status", "nothing"}),
    "pause": (lambda client: client.pause("c", seconds=2), {"nothing"}),
    "resume": (lambda client: client.resume("c", seconds=2), {"nothing"}),
    "stop": (lambda client: client.stop("c", seconds=2), {"nothing"}),
    "forget_offsets": (lambda client: client.forget_offsets("c", seconds=2), {"message"}),
    "delete": (lambda client: client.delete("c", seconds=2), {"nothing"}),
    "validate": (lambda client: client.validate(CLASS, CONFIG, seconds=2), {"validation"}),
    "plugins": (lambda client: client.plugins(seconds=2), {"plugins", "list"}),
}
STATUSES = (
    *(101, 200, 201, 202, 203, 204, 205, 206, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409),
    *(410, 411, 412, 413, 415, 418, 422, 425, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 511, 520, 599, 999),
)
LIVE = {**CONFIG, "name": "c"}
RUNNING = status("RUNNING", "RUNNING")[1]


def bodies() -> list[tuple[str, bytes]]:
    """Return bodies of every shape, each with its mark."""
    marked: list[tuple[str, Any]] = [
        ("config", LIVE),
        ("status", RUNNING),
        ("statuses", {"c": {"status": RUNNING}}),
        ("connector", {"name": "c", "config": LIVE, "tasks": []}),
        ("message", {"message": "The offsets for this connector have been reset successfully"}),
        ("validation", complaints()[1]),
        ("plugins", [{"class": CLASS, "type": "sink"}]),
        ("object", {}),
        ("list", []),
        ("message no connector", NOT_FOUND[1]),
        ("message", {"error_code": 404, "message": "HTTP 404 Not Found"}),
        ("message", {"error_code": 40401, "message": "Subject connector-value not found."}),
        ("message", {"error_code": "404", "message": "Connector c not found"}),
        ("message", {"code": 404, "message": "connector c not found"}),
        ("message", {"error_code": True, "message": "Failed to find any class that implements Connector"}),
        ("", {"error_code": 404, "message": None}),
        ("", {"error_code": 404}),
        ("", {"message": {"text": "Connector c not found"}, "error_code": 404}),
        ("", {"status": "ok"}),
        ("", {"connector.class": 1}),
        ("", {**CONFIG, "name": "another"}),
        ("", {**CONFIG, "more": {"nested": []}}),
        ("", None),
        ("", True),
        ("", 0),
        ("", "connector c not found"),
        ("", [None]),
        ("", [[]]),
        ("", [{"class": None}]),
        ("", {"c": None}),
        ("", {"c": {"status": None}}),
        *(("", broken) for broken in broken_statuses()),
        *(("", broken) for broken in broken_validations()),
    ]
    raw: list[tuple[str, bytes]] = [
        ("nothing", b""),
        ("nothing", b" \r\n"),
        ("", b"<html><body>404 Not Found: connector c not found</body></html>"),
        ("", b'{"error_code": 404, "message": "Connector c not found"'),
        ("", b'\xff\xfe{"'),
        ("", b"\0" * 100),
        ("", DEEP.encode()),
        ("", b'{"a":' * 50_000),
        ("", b"1" * 10_000),
        ("", b"NaN"),
        ("", b'{"connector": ' + b"9" * 5000 + b"}"),
        ("", b'{"message": "\\u001b[31m \\u202e \\ud800"}'),
        ("", b"event: x\ndata: {}\n\n"),
    ]
    return [*((mark, json.dumps(value).encode()) for mark, value in marked), *raw]


def broken_statuses() -> list[Any]:
    """Return statuses with each member replaced by each wrong value."""
    found = []
    for wrong in (None, "", 7, [], {}, [None], "running", "A" * 99, {"state": None}):
        found += [{**RUNNING, "connector": wrong}, {**RUNNING, "connector": {**RUNNING["connector"], "state": wrong}}]
        found += [{**RUNNING, "tasks": [{**RUNNING["tasks"][0], "state": wrong}]}]
        if wrong != []:
            found += [{**RUNNING, "tasks": wrong}]
        if wrong != 7:
            found += [{**RUNNING, "tasks": [{**RUNNING["tasks"][0], "id": wrong}]}]
        if wrong and not isinstance(wrong, str):
            found += [{**RUNNING, "tasks": [{**RUNNING["tasks"][0], "trace": wrong}]}]
    return [*found, {"connector": RUNNING["connector"]}, {"tasks": RUNNING["tasks"]}]


def broken_validations() -> list[Any]:
    """Return validations with each member replaced by wrong values."""
    good = complaints(topics="Invalid value")[1]
    (entry,) = good["configs"]
    found = [{**good, "configs": wrong} for wrong in (None, "", 7, {}, [None], [7], [[]])]
    found += [{**good, "error_count": wrong} for wrong in (None, "1", [], True)]
    found += [{**good, "configs": [{**entry, key: wrong}]} for key in ("value", "definition") for wrong in (7, "x", [1])]
    found += [{**good, "configs": [{**entry, "value": {"name": "x", "errors": wrong}}]} for wrong in (7, "x", [None], {"a": 1})]
    return [*found, {**good, "configs": []}, {"configs": good["configs"]}]


def outcome(call: Call, url: str) -> Any:
    """Return what a call of the client returned or raised."""
    return measured(lambda: call(ConnectClient(url, "admin", "s3cret-login")))[1]


def is_clean(error: object) -> bool:
    """Tell whether an error is one of the provider's own, with a bounded message that any terminal may show."""
    text = str(error)
    printable = all(char.isprintable() or char in "\n\t" for char in text)
    return isinstance(error, (NotNowError, ProviderError)) and printable and 0 < len(text) < LONGEST_MESSAGE and "s3cret-login" not in text


def operations(url: str, *, timeout: float = 0.1) -> ConnectorOperations:
    """Return the operations on connectors of a worker at test speed."""
    return ConnectorOperations(ConnectClient(url, "admin", "s3cret-login"), timeout, threading.Event(), tempo=FAST)


@pytest.mark.full
def test_no_status_and_no_body_makes_a_false_success_a_false_absence_or_an_unclean_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Every method of the client against a sample of all pairs of status and body."""
    cases = random.Random(13).sample(  # noqa: S311 - cases, no secrets
        list(product(CALLS, STATUSES, bodies())), 4000
    )
    said, faults = b"", []

    def answer(connection: Connection) -> None:
        connection.send(said)

    with hostile(answer) as url:
        for method, code, (mark, body) in cases:
            bodiless = code in (101, 204, 304)
            said, mark = (http(code), "nothing") if bodiless else (http(code, body), mark)  # noqa: PLW2901 - HTTP has no body there
            call, accepted = CALLS[method]
            result = outcome(call, url)
            case = (method, code, mark, body[:80], repr(result)[:200])
            if isinstance(result, Exception):
                if not is_clean(result) or (200 <= code < 300 and any(word in accepted for word in mark.split())):
                    faults.append(case)
            elif (method in ("config", "status") and result is None) or (method == "delete" and result is False):
                if code != 404 or "no connector" not in mark:
                    faults.append(case)
            elif not (200 <= code < 300 and any(word in accepted for word in mark.split())):
                faults.append(case)
    with capsys.disabled():
        print(f"\nanswers to the Connect client: {len(cases)}, faults {len(faults)}")  # noqa: T201 - the count is the point
    assert faults == []


@pytest.mark.parametrize("behaviour", UNENDING)
@pytest.mark.adversary("scans")
def test_an_answer_that_never_ends_is_given_up_at_the_limit_of_the_call(behaviour: str) -> None:
    with hostile(UNENDING[behaviour]) as url:
        client = ConnectClient(url)
        for call in (partial(client.config, "c"), partial(client.put, "c", CONFIG)):
            seconds, error = measured(partial(call, seconds=0.3))
            assert seconds < 1.0, behaviour
            assert is_clean(error), (behaviour, error)


@pytest.mark.parametrize("behaviour", UNENDING)
@pytest.mark.adversary("scans")
def test_no_operation_outlives_its_patience(behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh, a removal, a creation; and a removal of what the user has declared gone."""
    monkeypatch.setattr(asking, "_LEAST", 0.1)
    monkeypatch.setattr(connector, "_CHECK_SECONDS", 0.2)
    with hostile(UNENDING[behaviour]) as url:
        provider = ConnectorOperations(ConnectClient(url), 0.2, threading.Event(), tempo=FAST)
        for switch in ("", "true"):
            monkeypatch.setenv(SWITCH, switch)
            for act in ("read", "delete", "create", "check"):
                seconds, result = measured(partial(done, provider, act))
                assert seconds < 2.0, behaviour
                if act == "check":
                    assert result == []
                    continue
                assert is_clean(result) or (switch and result is None), (behaviour, result)


def test_threads_of_calls_that_were_given_up_end() -> None:
    """Their sockets are ended, so that a worker that drips for hours holds nothing here."""
    before = threading.active_count()
    for behaviour in UNENDING.values():
        with hostile(behaviour) as url:
            measured(partial(ConnectClient(url).config, "c", seconds=0.1))
    for thread in threading.enumerate():
        if thread.name.endswith("(run)"):
            thread.join(2)
            assert not thread.is_alive()
    assert threading.active_count() <= before + len(UNENDING)


@pytest.mark.parametrize("behaviour", LARGE)
@pytest.mark.adversary("scans")
def test_an_answer_without_end_or_of_any_size_unpacked_stays_within_bounds(behaviour: str) -> None:
    with hostile(LARGE[behaviour]) as url:
        tracemalloc.start()
        _seconds, error = measured(lambda: ConnectClient(url).config("c", seconds=20))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert is_clean(error), error
    assert peak < 150 * 2**20


@pytest.mark.parametrize("behaviour", BROKEN)
@pytest.mark.adversary("inputs")
def test_what_is_no_answer_of_http_is_a_clean_error(behaviour: str) -> None:
    with hostile(BROKEN[behaviour]) as url:
        for call, _accepted in CALLS.values():
            result = outcome(call, url)
            assert is_clean(result), (behaviour, result)


def test_only_silence_counts_as_unreachable() -> None:
    """What answers in another protocol is not gone, so a removal must not forget the connector for it."""
    for name in ("another protocol", "random bytes", "the old HTTP without headers", "no number"):
        with hostile(BROKEN[name]) as url:
            assert isinstance(outcome(CALLS["config"][0], url), ForeignError), name
    for behaviour in (BROKEN["the end at once"], UNENDING["silence"]):
        with hostile(behaviour) as url:
            assert isinstance(measured(partial(ConnectClient(url).config, "c", seconds=0.2))[1], AwayError)


@pytest.mark.parametrize("code", [300, 301, 302, 303, 305, 307, 308])
@pytest.mark.parametrize(
    ("location", "named"),
    [
        ("{elsewhere}/connectors/c/config", "a redirect to {elsewhere}/connectors/c/config"),
        ("https://me:pw@elsewhere.example/x?token=abcdef", "a redirect to https://elsewhere.example/x, "),
        ("/login", "a redirect to /login"),
        ("//[::1", "a redirect to no address"),
        ("http://[::1", "a redirect to no address"),
        ("javascript:alert(1)", "a redirect to "),
        ("", "a redirect to no address"),
    ],
)
@pytest.mark.adversary("inputs")
def test_a_redirect_is_an_error_that_names_its_target_and_is_not_followed(code: int, location: str, named: str) -> None:
    asked: list[str] = []

    def elsewhere(connection: Connection) -> None:
        asked.append(connection.path)
        connection.send(http(200, json.dumps({"name": "c", "config": LIVE}).encode()))

    with hostile(elsewhere) as other:
        where = f"Location: {location.format(elsewhere=other)}"
        with hostile(saying(http(code, b"moved", where))) as url:
            for method in ("put", "config", "delete", "validate", "stop"):
                error = outcome(CALLS[method][0], url)
                assert isinstance(error, ForeignError), error
                assert named.format(elsewhere=other) in str(error)
                assert f"HTTP {code}" in str(error)
                assert "pw@" not in str(error)
                assert "abcdef" not in str(error)
    assert asked == []


@pytest.mark.parametrize(
    ("code", "body", "says"),
    [
        (404, b"<html>404 page not found</html>", r"HTTP 404 with content of no type: <html>404 page not found"),
        (404, b'{"error_code": 404, "message": "HTTP 404 Not Found"}', "Kafka Connect would have named the connector"),
        (404, b"", "HTTP 404 with no content"),
        (204, b"", "HTTP 204 with no content; Kafka Connect would have answered with the configuration of a connector"),
        (200, b"null", "HTTP 200 with content of no type: null"),
        (200, b"", "HTTP 200 with no content"),
        (405, b"", "HTTP 405 with no content"),
        (429, b"slow down", "HTTP 429 with content of no type: slow down"),
    ],
)
@pytest.mark.adversary("inputs")
def test_a_read_says_what_answered_and_a_removal_does_not_believe_it(code: int, body: bytes, says: str) -> None:
    """A 404 of another service must not let a slot stay behind in silence."""
    with hostile(saying(http(code, body))) as url:
        for act in (lambda: operations(url).read("c", STATE), lambda: operations(url).delete("c", STATE)):
            with pytest.raises(ProviderError, match=says) as caught:
                act()
            assert "connector c: " in str(caught.value)
            assert url in str(caught.value)


def test_the_messages_of_every_version_of_connect_are_believed() -> None:
    for message in ("Connector c not found", "No status found for connector c", "Unknown connector c", "Status for connector c not found"):
        body = json.dumps({"error_code": 404, "message": message}).encode()
        with hostile(saying(http(404, body))) as url:
            assert operations(url).read("c", STATE) is None
            operations(url).delete("c", {"name": "c"})


def test_a_worker_that_is_starting_knows_no_path_yet_and_is_waited_for() -> None:
    """Connect opens its port before it serves its resources: that 404 was taken for a deleted connector."""
    starting = (404, "<html>Error 404 Not Found</html>")
    with serving(Worker(live={"c": dict(LIVE)})) as worker:
        worker.script["GET /connectors/c/config"] = [starting, starting, (200, LIVE)]
        found = operations(worker.url, timeout=3).read("c", INPUTS)
    assert found is not None
    assert found.outputs["state"] == "RUNNING"


def one_wrong_answer(rng: random.Random) -> tuple[str, tuple[int, bytes]]:
    """Return one request of a connector's life and a wrong answer to it."""
    path = rng.choice(
        [
            *("GET /connectors/c/config", "GET /connectors/c/status", "PUT /connectors/c/config", "DELETE /connectors/c"),
            *("PUT /connectors/c/stop", "PUT /connectors/c/resume", "DELETE /connectors/c/offsets"),
            *(f"PUT /connector-plugins/{CLASS}/config/validate", "POST /connectors/c/restart?includeTasks=true&onlyFailed=true"),
        ]
    )
    foreign = [body for mark, body in bodies() if not mark]
    return path, (rng.choice([code for code in STATUSES if code not in (101, 204, 304)]), rng.choice(foreign))


def done(provider: ConnectorOperations, act: str) -> Any:
    """Return what one operation returns."""
    match act:
        case "create":
            return provider.create(INPUTS)
        case "update":
            return provider.update("c", STATE, {**INPUTS, "config": {**CONFIG, "topics": "u"}})
        case "read":
            return provider.read("c", STATE)
        case "check":
            return provider.check(INPUTS)
    return provider.delete("c", STATE)


@pytest.mark.full
def test_one_wrong_answer_in_the_life_of_a_connector_is_a_clean_error_or_does_no_harm() -> None:
    """The worker is healthy but for one request: whatever is returned is then true."""
    rng, ended = random.Random(31), {"done": 0, "refused": 0}  # noqa: S311 - cases, no secrets
    for _ in range(160):
        path, (code, body) = one_wrong_answer(rng)
        act = rng.choice(["create", "update", "read", "delete", "check"])
        live = {} if act == "create" and rng.random() < 0.5 else {"c": dict(LIVE)}
        with serving(Worker(live=live, raw={path: (code, body)})) as worker:
            if rng.random() < 0.3 and live:
                worker.live_status["c"] = status("RUNNING", "FAILED", trace="boom")
            provider = operations(worker.url)
            _seconds, result = measured(partial(done, provider, act))
            case = (act, path, code, body[:80], repr(result)[:300])
            ended["refused" if isinstance(result, Exception) else "done"] += 1
            if isinstance(result, Exception):
                assert isinstance(result, ProviderError), case
                assert is_clean(result), case
            elif act in ("create", "update"):
                assert result.outputs["state"] == "RUNNING", case
                assert worker.live["c"]["topics"] == ("t" if act == "create" else "u"), case
            elif act == "read":
                assert result is not None, case
            elif act == "delete":
                assert worker.live == {}, case
    assert min(ended.values()) > 10, ended


@pytest.mark.full
@pytest.mark.parametrize(
    ("tasks", "trace"),
    [
        (100_000, "org.apache.kafka.connect.errors.X: boom"),
        (1, "x.Y: boom\n" + "\tat a.b.C(D.java:1)\n" * 300_000 + "Caused by: org.postgresql.util.PSQLException: wal_level is replica"),
        (1, "x" * 5_000_000),
        (3, "Caused by: y\n" * 200_000),
        (1, ""),
        (1, "x.Y: \x1b[2J\u202e \ud800 boom"),
    ],
)
def test_very_many_failures_and_very_long_traces_are_told_in_a_few_lines(tasks: int, trace: str) -> None:
    with serving(Worker(live={"c": dict(LIVE)})) as worker:
        worker.live_status["c"] = status("RUNNING", *["FAILED"] * tasks, trace=trace)
        seconds, error = measured(lambda: operations(worker.url, timeout=20).create(INPUTS))
    assert isinstance(error, IncompleteError), error
    assert is_clean(error), str(error)[:500]
    assert str(error).startswith("connector c: task 0" + (f" and {tasks - 1} more tasks failed: " if tasks > 1 else " failed: "))
    assert seconds < 20
    if "wal_level" in trace:
        assert "What to do: set wal_level=logical" in str(error)
    assert str(error.state.outputs["tasks"]) == str(tasks)


def test_of_many_different_reasons_the_known_ones_come_first_and_the_rest_is_counted() -> None:
    parts = [{"id": n, "state": "FAILED", "worker_id": "w", "trace": f"x.Y: reason {n}"} for n in range(5000)]
    parts[7]["trace"] = "x.Y: password authentication failed"
    with serving(Worker(live={"c": dict(LIVE)})) as worker:
        worker.live_status["c"] = (200, {"name": "c", "connector": {"state": "RUNNING", "worker_id": "w"}, "tasks": parts})
        with pytest.raises(IncompleteError) as caught:
            operations(worker.url, timeout=5).create(INPUTS)
    assert caught.value.reasons[0].startswith("connector c: task 7 failed: x.Y: password authentication failed\nWhat to do: ")
    assert caught.value.reasons[-1] == "connector c: 4997 more tasks failed: for other reasons; see the worker's log"
    assert is_clean(caught.value)


def test_very_many_complaints_are_told_in_a_few_lines() -> None:
    many = complaints(**{f"k{n}": "Invalid value x for configuration k: " + "y" * 5000 for n in range(3000)})
    with serving(Worker()) as worker:
        worker.script[f"PUT /connector-plugins/{CLASS}/config/validate"] = [many]
        with pytest.raises(ProviderError) as caught:
            operations(worker.url).create(INPUTS)
        assert len(operations(worker.url).check(INPUTS)) == 20
    assert len(str(caught.value)) < 30_000
    assert "and 180 more" in str(caught.value)
