"""The monitoring of the sandbox: every part answers, every rule is evaluated, nothing fires at rest, and what is found is told."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.sandbox_e2e.watching import Prometheus, forwarded, received, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.sandbox

_JOBS = {"kafka": 3, "connect": 1, "registry": 1, "postgres": 1, "pipeline": 1, "kubelet": 3, "prometheus": 1, "alertmanager": 1}


@pytest.fixture(scope="module")
def prometheus() -> Iterator[Prometheus]:
    """Yield Prometheus' API."""
    with forwarded("prometheus", 9090) as url:
        yield Prometheus(url)


def test_every_part_is_asked_and_answers(prometheus: Prometheus) -> None:
    def all_up() -> bool:
        found = prometheus.targets()
        jobs = [one["labels"]["job"] for one in found]
        return {job: jobs.count(job) for job in jobs} == _JOBS and {one["health"] for one in found} == {"up"}

    try:
        until("a target does not answer", all_up, 120)
    except AssertionError:
        shown = "\n".join(f"{one['labels']['job']} {one['scrapeUrl']} {one['health']} {one['lastError']}" for one in prometheus.targets())
        raise AssertionError(shown) from None


def test_every_rule_is_evaluated_without_an_error(prometheus: Prometheus) -> None:
    rules = prometheus.rules()
    assert len([rule for rule in rules if rule["type"] == "alerting"]) >= 45
    assert {rule["name"]: rule.get("lastError") for rule in rules if rule["health"] == "err"} == {}


def test_nothing_fires_at_rest_but_the_watchdog(prometheus: Prometheus) -> None:
    """Information may be there: a short pause of a collector is no fault."""

    def quiet() -> bool:
        return {name for name, severity in prometheus.firing().items() if severity in {"critical", "warning"}} == set()

    until(f"alerts fire at rest: {prometheus.firing()}", quiet, 360)
    assert "Watchdog" in prometheus.firing()


def test_what_prometheus_finds_reaches_a_webhook() -> None:
    """The dead man's switch: what comes every five minutes shows that rules are evaluated and told."""
    until("nothing has come", lambda: [one for one in received(time.time() - 600) if "Watchdog" in str(one)], 360)
