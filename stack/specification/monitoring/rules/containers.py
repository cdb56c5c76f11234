"""Alerts about containers and certificates. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.jobs import KUBELET, jobs
from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import DAY, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="containers")
_PLAN: Final = command("plan")
_STATUS: Final = command("status")
_NEAR: Final = 0.9
_WHO: Final = "{{ $labels.container }} of {{ $labels.pod }}"


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    if KUBELET in jobs(limits.settings):
        yield from _memory()
        yield from _steadiness(limits)
    yield from _certificates()


def _memory() -> Iterator[Rule]:
    yield _Rule(
        alert="ContainerNearLimit",
        severity="warning",
        expression=f"pipeline:container_memory:ratio > {_NEAR}",
        wait_s=10 * MINUTE,
        meaning="A container uses more than 90 % of its memory limit",
        summary=f"{_WHO} has used {{{{ $value | humanizePercentage }}}} of its memory limit for 10 minutes",
        next=_PLAN,
    )
    yield _Rule(
        alert="OutOfMemoryKilled",
        severity="critical",
        expression="sum by (namespace, pod, container) (increase(container_oom_events_total[15m])) > 0",
        meaning="The kernel has ended a process that went over its container's memory limit",
        summary=f"{_WHO} went over its memory limit, and the kernel ended a process in it",
        next=_PLAN,
    )
    yield _Rule(
        alert="MemoryPressure",
        severity="info",
        expression="sum by (namespace, pod, container) (rate(container_pressure_memory_waiting_seconds_total[5m])) > 0.1",
        wait_s=10 * MINUTE,
        meaning="A container waits for memory for more than a tenth of the time",
        summary=f"{_WHO} has waited for memory for {{{{ $value | humanizePercentage }}}} of 10 minutes",
        next=_PLAN,
    )


def _steadiness(limits: Thresholds) -> Iterator[Rule]:
    settings = limits.settings
    namespaces = "|".join(one for one in (settings.names.namespace, settings.monitoring_namespace) if one)
    yield _Rule(
        alert="ContainerRestarts",
        severity="warning",
        expression=f'changes(container_start_time_seconds{{namespace=~"{namespaces}"}}[15m]) > 2',
        meaning="A container is restarted again and again",
        summary=f'{_WHO} was restarted {{{{ $value | printf "%.0f" }}}} times within 15 minutes',
        next=_STATUS,
    )
    yield _Rule(
        alert="ProbeFails",
        severity="warning",
        expression="sum by (namespace, pod, container) (rate(prober_probe_total"
        f'{{probe_type="Readiness",result="failed",namespace=~"{namespaces}"}}[5m])) > 0',
        wait_s=10 * MINUTE,
        meaning="A container is not ready for more than 10 minutes",
        summary=f"The readiness probe of {_WHO} has been failing for 10 minutes",
        next=_STATUS,
    )


def _certificates() -> Iterator[Rule]:
    left = "pipeline_certificate_not_after_timestamp_seconds - time()"
    yield _Rule(
        alert="CertificateExpires",
        severity="warning",
        expression=f"{left} < {30 * DAY}",
        meaning="A certificate of the database ends within 30 days",
        summary="The certificate {{ $labels.certificate }} ends in {{ $value | humanizeDuration }}",
        next=_STATUS,
    )
    yield _Rule(
        alert="CertificateExpiresSoon",
        severity="critical",
        expression=f"{left} < {3 * DAY}",
        meaning="A certificate of the database ends within 3 days: after that, nobody connects",
        summary="The certificate {{ $labels.certificate }} ends in {{ $value | humanizeDuration }}; after that, nobody connects",
        next=_STATUS,
    )
