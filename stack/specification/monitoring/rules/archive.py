"""Alerts about the archive: how late it is, whether the sink commits, and whether its history is whole. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.rules.rule import Rule, command, duration
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="archive")
_WATCH: Final = command("status --watch")
_STATUS: Final = command("status")
_SUCCESS: Final = 0.99
_OF_TARGET: Final = 0.8


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    yield from _lag(limits)
    yield from _tables(limits)
    yield from _rate(limits)
    yield _Rule(
        alert="HistoryBroken",
        severity="critical",
        expression="pipeline_history_broken == 1",
        wait_s=MINUTE,
        meaning="The history has a break: changes between database and archive are lost",
        summary="The history of the pipeline is broken; what is lost, and what begins anew, the command says before it does anything",
        next=command("epoch begin"),
    )


def _lag(limits: Thresholds) -> Iterator[Rule]:
    late, very_late = limits.late_s, limits.very_late_s
    yield _Rule(
        alert="ArchiveLag",
        severity="warning",
        expression=f"pipeline:sink_lag:seconds > {late}",
        wait_s=5 * MINUTE,
        meaning="The sink is late with the changes of a table",
        summary="The sink has been late with {{ $labels.table }} for 5 minutes: its first unread change is"
        f" {{{{ $value | humanizeDuration }}}} old (limit {duration(late)})",
        next=_WATCH,
    )
    yield _Rule(
        alert="ArchiveLagHigh",
        severity="critical",
        expression=f"pipeline:sink_lag:seconds > {very_late}",
        wait_s=2 * MINUTE,
        meaning="The sink is very late with the changes of a table",
        summary="The sink is very late with {{ $labels.table }}: its first unread change is"
        f" {{{{ $value | humanizeDuration }}}} old (limit {duration(very_late)})",
        next=_WATCH,
    )
    yield _Rule(
        alert="LagKeepsGrowing",
        severity="warning",
        expression=f"sum by (topic) (delta(kafka_consumer_lag[15m])) > 0 and sum by (topic) (kafka_consumer_lag) > {limits.backlog}",
        wait_s=15 * MINUTE,
        meaning="The backlog of the sink grows: changes come faster than it archives them",
        summary='The backlog of {{ $labels.topic }} has grown by {{ $value | printf "%.0f" }} changes within 15 minutes',
        next=_WATCH,
    )


def _tables(limits: Thresholds) -> Iterator[Rule]:
    very_late, stalled = limits.very_late_s, limits.stalled_s
    yield _Rule(
        alert="TableStale",
        severity="critical",
        expression=f"pipeline_archive_oldest_waiting_seconds > {very_late}",
        wait_s=2 * MINUTE,
        meaning="A change of a table is in Kafka, and neither in the archive nor a dead letter",
        summary="A change of {{ $labels.table }} has been waiting for {{ $value | humanizeDuration }} to be archived"
        f" (limit {duration(very_late)})",
        next=_STATUS,
    )
    if limits.settings.archive.format == "iceberg":
        yield _Rule(
            alert="ArchiveStalled",
            severity="critical",
            expression=f"time() - pipeline_archive_last_commit_timestamp_seconds > {stalled}"
            f" and on (table) pipeline_archive_oldest_waiting_seconds > {limits.late_s}",
            wait_s=2 * MINUTE,
            meaning="Changes of a table wait, and the sink commits nothing, whatever its lag says",
            summary="The last commit of {{ $labels.table }} is {{ $value | humanizeDuration }} old, and changes wait",
            next=_STATUS,
        )


def _rate(limits: Thresholds) -> Iterator[Rule]:
    yield _Rule(
        alert="CommitsFail",
        severity="warning",
        expression=f"s3_upload_success_rate < {_SUCCESS}",
        # longer than the rate's own span: one conflict in few commits is none
        wait_s=20 * MINUTE,
        meaning="The sink has to try commits again, or they fail",
        summary="Only {{ $value | humanizePercentage }} of the commits to {{ $labels.bucket }} succeeded at once within 15 minutes",
        next=_STATUS,
    )
    target = limits.settings.monitoring.target_changes_per_second
    yield _Rule(
        alert="ThroughputBelowTarget",
        severity="warning",
        expression=f"pipeline:archived_changes:rate5m < {_OF_TARGET * target:g} and on () sum(kafka_consumer_lag) > {limits.backlog}",
        wait_s=10 * MINUTE,
        meaning="Changes wait, and the pipeline archives fewer of them than its target",
        summary=f'The pipeline archives {{{{ $value | printf "%.0f" }}}} changes per second of {target}, while more than'
        f" {limits.backlog} wait",
        next=_WATCH,
    )
