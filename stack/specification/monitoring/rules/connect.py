"""Alerts about Connect: tasks, connectors, and records that a connector skipped or set aside. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import DAY, HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="connect")
_STATUS: Final = command("status")
_LETTERS: Final = command("dlq list")
# Starts of all tasks in half an hour that a fault explains, and no rollout
_STARTS: Final = 3
_FLOOD: Final = 100
_NOTICE_DAYS: Final = 7


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    yield from _running()
    yield from _unsteady(limits)
    yield from _letters(limits)
    yield _Rule(
        alert="RecordsSkipped",
        severity="critical",
        expression="sum by (connector) (increase(kafka_connect_task_error_total_records_skipped"
        f'{{connector="{limits.settings.names.source_connector}"}}[10m])) > 0',
        meaning="The source has skipped changes, which are lost",
        summary='{{ $labels.connector }} skipped {{ $value | printf "%.0f" }} changes within 10 minutes',
        next=command("audit"),
    )


def _running() -> Iterator[Rule]:
    yield _Rule(
        alert="TaskFailed",
        severity="critical",
        expression='pipeline_connector_tasks{state="FAILED"} > 0',
        wait_s=3 * MINUTE,
        meaning="Tasks of a connector have failed, and restarting them has not helped",
        summary='{{ $value | printf "%.0f" }} task(s) of {{ $labels.connector }} have been FAILED for 3 minutes, though they are restarted',
        next=_STATUS,
    )
    yield _Rule(
        alert="TasksMissing",
        severity="critical",
        expression='sum by (connector) (pipeline_connector_tasks{state="RUNNING"})'
        " < on (connector) max by (connector) (pipeline_connector_tasks_expected)",
        wait_s=5 * MINUTE,
        meaning="A connector has fewer running tasks than the stack declares",
        summary='Only {{ $value | printf "%.0f" }} task(s) of {{ $labels.connector }} have been running for 5 minutes',
        next=_STATUS,
    )
    yield _Rule(
        alert="ConnectorNotRunning",
        severity="critical",
        expression='pipeline_connector_state{state!="RUNNING"} == 1',
        wait_s=5 * MINUTE,
        meaning="A connector is paused, stopped, failed, without a worker, or missing",
        summary="{{ $labels.connector }} has been {{ $labels.state }} for 5 minutes",
        next=_STATUS,
    )


def _unsteady(limits: Thresholds) -> Iterator[Rule]:
    most = _STARTS * limits.tasks
    yield _Rule(
        alert="TaskFlapping",
        severity="warning",
        expression=f"sum(increase(kafka_connect_worker_task_startup_attempts_total[30m])) > {most}",
        meaning="Tasks are started again and again: a fault comes back after each restart",
        summary=f'The worker started tasks {{{{ $value | printf "%.0f" }}}} times within 30 minutes, and has {limits.tasks}',
        next=_STATUS,
    )
    yield _Rule(
        alert="RebalancesOften",
        severity="warning",
        expression="max(increase(kafka_connect_worker_rebalance_completed_rebalances_total[30m])) > 5",
        meaning="Workers distribute their tasks again and again, and each time tasks stand still",
        summary='The workers distributed their tasks {{ $value | printf "%.0f" }} times within 30 minutes',
        next=_STATUS,
    )


def _letters(limits: Thresholds) -> Iterator[Rule]:
    yield _Rule(
        alert="DeadLetters",
        severity="warning",
        expression='pipeline_dead_letters{state="open"} > 0',
        meaning="Dead letters are open: rows that are not in the archive",
        summary='{{ $value | printf "%.0f" }} dead letter(s) are open: rows that are not in the archive',
        next=_LETTERS,
    )
    yield _Rule(
        alert="DeadLetterFlood",
        severity="critical",
        # what was replayed or dropped is over, though it was set aside within the hour
        expression=f"pipeline:dead_letters:sum - min_over_time(pipeline:dead_letters:sum[1h]) > {_FLOOD}"
        ' and on () pipeline_dead_letters{state="open"} > 0',
        meaning="The sink sets aside more than 100 rows an hour",
        summary='The sink has set aside {{ $value | printf "%.0f" }} rows within an hour',
        next=_LETTERS,
    )
    yield _Rule(
        alert="DeadLetterWriteFailed",
        severity="critical",
        expression="sum by (connector) (increase(kafka_connect_task_error_deadletterqueue_produce_failures[10m])) > 0",
        meaning="A row could be neither archived nor set aside: it is lost",
        summary='{{ $value | printf "%.0f" }} rows of {{ $labels.connector }} could be neither archived nor set aside within 10 minutes',
        next=command("audit"),
    )
    yield _Rule(
        alert="DeadLettersForgotten",
        severity="warning",
        expression='min_over_time(pipeline_dead_letters{state="open"}[6h]) > 0',
        wait_s=2 * DAY,
        meaning="Dead letters have been open for two days",
        summary='{{ $value | printf "%.0f" }} dead letter(s) have been open for two days; retention will delete them',
        next=_LETTERS,
    )
    kept = limits.letter_days
    yield _Rule(
        alert="DeadLettersExpire",
        severity="warning",
        expression=f"time() - pipeline_dead_letters_oldest_timestamp_seconds > {(kept - _NOTICE_DAYS) * DAY}",
        meaning="Retention deletes an open dead letter within a week",
        summary=f"The oldest open dead letter is {{{{ $value | humanizeDuration }}}} old, and retention deletes it after {kept} days",
        next=_LETTERS,
    )
    yield _Rule(
        alert="DeadLettersExpired",
        severity="critical",
        expression="pipeline_dead_letters_expired > 0",
        meaning="Retention has deleted dead letters while they were open",
        summary='Up to {{ $value | printf "%.0f" }} dead letters were deleted by retention before anything was done with them',
        next=_LETTERS,
    )
    yield _Rule(
        alert="BackfillLong",
        severity="info",
        expression="pipeline_backfill_tables > 0",
        wait_s=24 * HOUR,
        meaning="A backfill has run for a day",
        summary='{{ $value | printf "%.0f" }} table(s) have been in a backfill for a day',
        next=command("backfill status"),
    )
