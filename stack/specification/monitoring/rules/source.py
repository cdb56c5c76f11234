"""Alerts about Debezium: whether it reads, how far behind it is, and what it did not pass on. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="source")
_STATUS: Final = command("status")
_STREAMING: Final = '{context="streaming"}'
_LAG_MS: Final = 10_000
_HIGH_LAG_MS: Final = 300_000


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    yield from _liveness(limits)
    yield from _lag(limits)
    yield from _snapshot()
    yield _Rule(
        alert="EventsErroneous",
        severity="critical",
        expression="sum by (server, context) (increase(debezium_numberoferroneousevents[10m])) > 0",
        meaning="Debezium has met changes that it could not pass on",
        summary='Debezium could not pass on {{ $value | printf "%.0f" }} changes within 10 minutes',
        next=command("audit"),
    )


def _liveness(limits: Thresholds) -> Iterator[Rule]:
    silent = limits.silent_s
    yield _Rule(
        alert="SourceSilent",
        severity="critical",
        expression=f"(pipeline_source_read_age_seconds > {silent} or pipeline_database_heartbeat_age_seconds > {silent})"
        " unless on () pipeline_source_snapshot == 1",
        wait_s=2 * MINUTE,
        meaning="The source reads nothing, not even the heartbeats that it writes itself",
        summary="The source has read nothing for {{ $value | humanizeDuration }},"
        f" though it writes a heartbeat every {limits.lateness.heartbeat_s:g} s",
        next=_STATUS,
    )
    yield _Rule(
        alert="SourceDisconnected",
        severity="critical",
        # it streams, and says that it is connected, from the end of the first snapshot on
        expression=f"debezium_connected{_STREAMING} == 0 unless on (server) debezium_snapshotrunning == 1",
        wait_s=2 * MINUTE,
        meaning="Debezium runs without a connection to the database",
        summary="Debezium has had no connection to the database {{ $labels.server }} for 2 minutes, though its task runs",
        next=_STATUS,
    )


def _lag(limits: Thresholds) -> Iterator[Rule]:
    # Debezium keeps the lag of the last change while the database is idle; a figure is true only beside a recent event
    fresh = f" and debezium_millisecondssincelastevent{_STREAMING} < {1000 * limits.silent_s}"
    behind = f"debezium_millisecondsbehindsource{_STREAMING}"
    yield _Rule(
        alert="SourceLag",
        severity="warning",
        expression=f"{behind} > {_LAG_MS}{fresh}",
        wait_s=5 * MINUTE,
        meaning="Debezium is more than 10 seconds behind the database",
        summary='Debezium has been {{ $value | printf "%.0f" }} ms behind the database for 5 minutes',
        next=_STATUS,
    )
    yield _Rule(
        alert="SourceLagHigh",
        severity="critical",
        expression=f"{behind} > {_HIGH_LAG_MS}{fresh}",
        wait_s=MINUTE,
        meaning="Debezium is more than 5 minutes behind the database",
        summary='Debezium is {{ $value | printf "%.0f" }} ms behind the database',
        next=_STATUS,
    )
    full = f"debezium_queueremainingcapacity{_STREAMING} / debezium_queuetotalcapacity{_STREAMING} < 0.1"
    heavy = f"debezium_currentqueuesizeinbytes{_STREAMING} / (debezium_maxqueuesizeinbytes{_STREAMING} > 0) > 0.9"
    yield _Rule(
        alert="SourceQueueFull",
        severity="warning",
        expression=f"{full} or {heavy}",
        wait_s=5 * MINUTE,
        meaning="Debezium's queue is full: Kafka or the worker takes changes more slowly than the database makes them",
        summary="Debezium's queue has been full for 5 minutes: Kafka or the worker is slower than the database",
        next=_STATUS,
    )


def _snapshot() -> Iterator[Rule]:
    yield _Rule(
        alert="SnapshotStuck",
        severity="warning",
        expression="max by (server) (debezium_snapshotrunning) == 1 unless on () delta(pipeline:snapshot_rows:sum[15m]) > 0",
        wait_s=10 * MINUTE,
        meaning="A snapshot runs and reads no rows",
        summary="The snapshot of {{ $labels.server }} has read no row for 10 minutes",
        next=_STATUS,
    )
    yield _Rule(
        alert="SnapshotAborted",
        severity="critical",
        # the figure goes with the task, which is restarted within a second; a message about the alert needs half a minute of it
        expression="max by (server) (max_over_time(debezium_snapshotaborted[5m])) == 1",
        meaning="A snapshot ended before it had read every row",
        summary="The snapshot of {{ $labels.server }} was aborted: rows that were not read are not in the archive",
        next=_STATUS,
    )
