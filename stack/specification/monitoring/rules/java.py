"""Alerts about the Java virtual machines of brokers, workers and registry. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="java")
_PLAN: Final = command("plan")
_FULL: Final = 0.85
_SHARE: Final = 0.1
# The requirements' 50 ms are for young collections; a full one of the serial collector takes longer in any heap
_PAUSE_S: Final = 0.05


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    after = f'jvm_memory_pool_collection_used_bytes{{pool="Tenured Gen"}} / jvm_memory_pool_max_bytes{{pool="Tenured Gen"}} > {_FULL}'
    apicurio = (
        f" or max by (job, instance, pool) (jvm_memory_usage_after_gc) > {_FULL}"
        if limits.settings.streaming.registry.kind == "apicurio"
        else ""
    )
    yield _Rule(
        alert="HeapFull",
        severity="warning",
        expression=f"{after}{apicurio}",
        wait_s=10 * MINUTE,
        meaning="More than 85 % of the heap of a JVM are in use even after a collection",
        summary="{{ $value | humanizePercentage }} of the old generation of {{ $labels.job }} ({{ or $labels.pod $labels.instance }})"
        " have been in use after collections for 10 minutes",
        next=_PLAN,
    )
    yield _Rule(
        alert="GcShare",
        severity="warning",
        expression=f"sum by (job, instance, pod) (rate(jvm_gc_collection_seconds_sum[5m])) > {_SHARE}",
        wait_s=10 * MINUTE,
        meaning="A JVM spends more than a tenth of its time on collections",
        summary="{{ $labels.job }} ({{ or $labels.pod $labels.instance }}) has spent {{ $value | humanizePercentage }} of its time on"
        " collections for 10 minutes",
        next=_PLAN,
    )
    yield _Rule(
        alert="GcPauseLong",
        severity="info",
        expression=f'max_over_time(jvm_gc_last_pause_seconds{{gc="Copy"}}[10m]) > {_PAUSE_S}',
        wait_s=15 * MINUTE,
        meaning="Young collections of a JVM take more than 50 ms",
        summary="A young collection of {{ $labels.job }} ({{ or $labels.pod $labels.instance }}) took {{ $value | humanizeDuration }}",
        next=_PLAN,
    )
