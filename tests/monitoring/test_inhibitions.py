"""One fault pages once, and no loss is hidden by anything but a loss."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from stack.specification.monitoring.inhibitions import LOSSES, inhibitions
from tests.declared import STACKS
from tests.monitoring.suite import monitored, rules_of

if TYPE_CHECKING:
    from stack.specification.monitoring.inhibitions import Inhibition

ALL = sorted(STACKS)
SOURCE, SINK = "postgres-cdc-connector", "s3-sink-connector"


@dataclass(frozen=True)
class Firing:
    """An alert that fires.

    Attributes:
        name: Its name.
        labels: Its labels, beside name and severity.
    """

    name: str
    labels: dict[str, str] = field(default_factory=dict)


def firing(name: str, **labels: str) -> Firing:
    """Return an alert that fires."""
    return Firing(name, labels)


def matches(alert: Firing, matchers: list[str]) -> bool:
    """Tell whether Alertmanager's matchers take an alert."""
    labels = {"alertname": alert.name, **alert.labels}
    found = [re.fullmatch(r'(\w+)(=~|=)"(.*)"', matcher) for matcher in matchers]
    return all(
        one is not None and (re.fullmatch(one[3], labels.get(one[1], "")) if one[2] == "=~" else labels.get(one[1], "") == one[3])
        for one in found
    )


def hides(one: Inhibition, fault: Firing, explained: Firing) -> bool:
    """Tell whether an alert hides another one, as Alertmanager does: never itself, and only with equal labels."""
    rule = one.rendered()
    same = all(fault.labels.get(label, "") == explained.labels.get(label, "") for label in rule.get("equal", []))
    return fault != explained and same and matches(fault, rule["source_matchers"]) and matches(explained, rule["target_matchers"])


def sent(stack: str, alerts: list[Firing]) -> set[str]:
    """Return the names of the critical alerts that are sent; an alert that is hidden hides others all the same."""
    rules, known = rules_of(stack), inhibitions(monitored(stack))
    shown = [alert for alert in alerts if not any(hides(one, fault, alert) for one in known for fault in alerts)]
    return {alert.name for alert in shown if rules[alert.name].severity == "critical"}


_SOURCE_STOPS: Final = [firing("SourceSilent"), firing("SlotInactive"), firing("SlotNotMoving"), firing("SourceDisconnected")]
_SINK_STOPS: Final = [
    firing("ArchiveLagHigh", table="public.orders"),
    firing("ArchiveLag", table="public.orders"),
    firing("TableStale", table="public.orders"),
    firing("LagKeepsGrowing", topic="postgres.public.orders"),
]
_BROKERS_DOWN: Final = [
    firing("NoController"),
    firing("OfflinePartitions"),
    firing("UnderMinIsr"),
    firing("UnderReplicated"),
    firing("BrokerMissing"),
    firing("TargetDown", job="kafka", pod="kafka-0"),
    firing("TargetDown", job="kafka", pod="kafka-1"),
    firing("PartSilent", part="kafka"),
    firing("PartSilent", part="sink"),
    firing("DetailSilent", part="dead_letters"),
    firing("TaskFailed", connector=SOURCE),
    firing("TaskFailed", connector=SINK),
    *_SOURCE_STOPS,
    *_SINK_STOPS,
]

# a fault, what fires for it, and the one alert that is sent
FAULTS: Final[dict[str, tuple[list[Firing], str]]] = {
    "the worker is down": (
        [
            firing("JobDown", job="connect"),
            firing("TargetDown", job="connect"),
            firing("PartSilent", part="connect"),
            *_SOURCE_STOPS,
            *_SINK_STOPS,
        ],
        "JobDown",
    ),
    "the database is down, and the catalog with it": (
        [
            firing("PostgresDown"),
            firing("PartSilent", part="database"),
            firing("PartSilent", part="archive"),
            firing("DetailSilent", part="certificates"),
            firing("TaskFailed", connector=SOURCE),
            firing("TaskFailed", connector=SINK),
            *_SOURCE_STOPS,
            *_SINK_STOPS,
        ],
        "PostgresDown",
    ),
    "two brokers are down": (_BROKERS_DOWN, "NoController"),
    "all brokers are down": ([firing("JobDown", job="kafka"), *_BROKERS_DOWN], "JobDown"),
    "the sink has failed": (
        [firing("TaskFailed", connector=SINK), firing("TasksMissing", connector=SINK), firing("TaskFlapping"), *_SINK_STOPS],
        "TaskFailed",
    ),
    "somebody has paused the source": (
        [firing("ConnectorNotRunning", connector=SOURCE, state="PAUSED"), firing("TasksMissing", connector=SOURCE), *_SOURCE_STOPS],
        "ConnectorNotRunning",
    ),
    "the slot is lost": (
        [firing("HistoryBroken"), firing("SlotLost"), firing("TaskFailed", connector=SOURCE), firing("SlotWillBeLost"), *_SOURCE_STOPS],
        "HistoryBroken",
    ),
    "the sink does not commit": ([firing("ArchiveStalled", table="public.orders"), *_SINK_STOPS], "ArchiveStalled"),
    "a transaction hangs": ([firing("HangingTransaction", pod="kafka-0"), *_SINK_STOPS], "HangingTransaction"),
    "the exporter is down": ([firing("JobDown", job="pipeline"), firing("PipelineUnseen"), firing("QualityUnknown")], "JobDown"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault_pages_once(fault: str) -> None:
    alerts, told = FAULTS[fault]
    assert sent("sandbox", alerts) == {told}


def test_an_existing_database_that_is_down_pages_once() -> None:
    alerts = [firing("PartSilent", part="database"), firing("DetailSilent", part="certificates"), *_SOURCE_STOPS]
    assert sent("guest", alerts) == {"PartSilent"}


def test_an_existing_cluster_that_is_down_pages_once() -> None:
    alerts = [firing("PartSilent", part="kafka"), firing("PartSilent", part="sink"), firing("TaskFailed", connector=SINK), *_SINK_STOPS]
    assert sent("guest", alerts) == {"PartSilent"}


def test_two_faults_page_twice() -> None:
    alerts = [firing("TaskFailed", connector=SINK), *_SINK_STOPS, firing("CertificateExpiresSoon", certificate="postgresql")]
    assert sent("sandbox", alerts) == {"TaskFailed", "CertificateExpiresSoon"}


def test_a_failed_sink_does_not_hide_a_failed_source() -> None:
    alerts = [firing("TaskFailed", connector=SINK), firing("ConnectorNotRunning", connector=SOURCE, state="FAILED"), *_SOURCE_STOPS]
    assert sent("sandbox", alerts) == {"TaskFailed", "ConnectorNotRunning"}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_loss_is_told_whatever_else_is_wrong(loss: str) -> None:
    everything = [alert for alerts, _ in FAULTS.values() for alert in alerts if alert.name not in LOSSES]
    assert loss in sent("sandbox", [firing(loss), *everything])


@pytest.mark.parametrize("stack", ALL)
def test_what_explains_an_alert_and_what_it_explains_are_alerts_of_some_stack(stack: str) -> None:
    known = {name for one in ALL for name in rules_of(one)}
    for one in inhibitions(monitored(stack)):
        assert set(one.fault) | set(one.explains) <= known, one
        assert set(one.fault) & set(rules_of(stack)), one


@pytest.mark.parametrize("stack", ALL)
def test_a_loss_or_a_critical_alert_is_hidden_by_nothing_less(stack: str) -> None:
    """Whoever reads only the worse one must still learn that rows are lost, and at once."""
    rules = {name: rule for one in ALL for name, rule in rules_of(one).items()}
    for one in inhibitions(monitored(stack)):
        if set(one.explains) & set(LOSSES):
            assert set(one.fault) <= set(LOSSES), one
        if any(rules[name].severity == "critical" for name in one.explains):
            assert all(rules[name].severity == "critical" for name in one.fault), one
