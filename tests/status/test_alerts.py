"""Firing alerts of a Prometheus server are listed beside the facts, and one that does not answer is a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.epoch.facts import Unanswered
from pipeline.status import alerts, screen
from pipeline.status.alerts import Alert
from tests.answers import answering
from tests.status.snapshots import HEALTHY, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOST = {
    "labels": {"alertname": "SlotLost", "severity": "critical", "slot": "debezium_slot"},
    "annotations": {"summary": "the slot is lost"},
    "state": "firing",
    "activeAt": "2026-11-29T10:00:00Z",
    "value": "1e+00",
}
LATE = {"labels": {"alertname": "TableStale", "severity": "warning", "table": "users"}, "annotations": {}, "state": "firing"}
SOON = {"labels": {"alertname": "SlotSoon"}, "annotations": {}, "state": "pending"}
BARE = {"labels": {"alertname": "Bare"}, "state": "firing"}


@pytest.fixture
def prometheus() -> Iterator[Callable[[int, Any], str]]:
    """Return a function that lets a server answer, and returns its address."""
    answers: list[tuple[int, Any]] = []
    with answering(lambda path: answers[-1] if path == "/api/v1/alerts" else (404, None)) as url:

        def answers_with(code: int, body: Any) -> str:
            answers.append((code, body))
            return f"{url}/"

        yield answers_with


def test_in_a_prometheus_with_alerts_of_others_only_the_stacks_own_are_listed(prometheus: Callable[[int, Any], str]) -> None:
    own = {**LOST, "labels": {**LOST["labels"], "stack": "data-ingestion"}}
    other = {**LOST, "labels": {**LOST["labels"], "stack": "shop"}}
    url = prometheus(200, {"status": "success", "data": {"alerts": [other, LOST, own]}})
    (found,) = alerts.firing(url, {"stack": "data-ingestion"})
    assert found.labels["stack"] == "data-ingestion"


def test_what_fires_is_listed_the_gravest_first(prometheus: Callable[[int, Any], str]) -> None:
    found = alerts.firing(prometheus(200, {"status": "success", "data": {"alerts": [BARE, LATE, SOON, LOST]}}))
    assert found == (
        Alert(
            name="SlotLost",
            severity="critical",
            summary="the slot is lost",
            since="2026-11-29T10:00:00Z",
            labels={"slot": "debezium_slot"},
        ),
        Alert(name="TableStale", severity="warning", summary="", since="", labels={"table": "users"}),
        Alert(name="Bare", severity="", summary="", since=""),
    )
    view = replace(seen(HEALTHY), alerts=found)
    lines = screen.lines(view)
    assert "ALERT     SlotLost (critical, slot=debezium_slot): the slot is lost" in lines
    assert "ALERT     TableStale (warning, table=users)" in lines
    assert view.as_json()["alerts"][0] == {
        "name": "SlotLost",
        "severity": "critical",
        "summary": "the slot is lost",
        "since": "2026-11-29T10:00:00Z",
        "labels": {"slot": "debezium_slot"},
    }
    assert view.level == 0, "an alert may be older than the look"


@pytest.mark.parametrize(("code", "body"), [(500, {}), (200, {}), (200, []), (200, {"data": {"alerts": [{}]}})])
def test_a_server_that_does_not_answer_as_prometheus_is_a_reason(code: int, body: Any, prometheus: Callable[[int, Any], str]) -> None:
    found = alerts.firing(prometheus(code, body))
    assert isinstance(found, Unanswered)
    assert found.reason.startswith("Prometheus at http://127.0.0.1:")
    view = replace(seen(HEALTHY), alerts=found)
    assert any(line.startswith("Alerts    Prometheus at") for line in screen.lines(view))
    assert set(view.as_json()["alerts"]) == {"unknown"}


def test_without_a_server_there_is_no_line(prometheus: Callable[[int, Any], str]) -> None:
    assert "alerts" not in seen(HEALTHY).as_json()
    none = replace(seen(HEALTHY), alerts=alerts.firing(prometheus(200, {"data": {"alerts": []}})))
    assert "Alerts    none fires" in screen.lines(none)


def test_no_reason_shows_a_password() -> None:
    found = alerts.firing("http://me:hunter2hunter2@127.0.0.1:1")
    assert isinstance(found, Unanswered)
    assert "hunter2" not in found.reason
