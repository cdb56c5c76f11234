"""Cases of the alerts about Connect and dead letters."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.monitoring.cases.case import fires, silent

_SINK: Final = "s3-sink-connector"
_SOURCE: Final = "postgres-cdc-connector"
_RUNNING: Final = f'pipeline_connector_tasks{{connector="{_SINK}",state="RUNNING"}}'
_FAILED: Final = f'pipeline_connector_tasks{{connector="{_SINK}",state="FAILED"}}'
_EXPECTED: Final = f'pipeline_connector_tasks_expected{{connector="{_SINK}"}}'
_STARTS: Final = 'kafka_connect_worker_task_startup_attempts_total{pod="connect-a"}'
_ROUNDS: Final = 'kafka_connect_worker_rebalance_completed_rebalances_total{pod="connect-a"}'
_SKIPPED: Final = f'kafka_connect_task_error_total_records_skipped{{connector="{_SOURCE}",task="0"}}'
_UNWRITTEN: Final = f'kafka_connect_task_error_deadletterqueue_produce_failures{{connector="{_SINK}",task="0"}}'
_OPEN: Final = 'pipeline_dead_letters{state="open"}'

CASES: Final = (
    fires(
        "TaskFailed",
        "a task fails after each restart",
        "5m",
        {_FAILED: "0 1x9"},
        "1 task(s) of s3-sink-connector have been FAILED for 3 minutes, though they are restarted",
        connector=_SINK,
        state="FAILED",
    ),
    silent("TaskFailed", "the restarter has mended it", "5m", {_FAILED: "0 1 1 0x9"}),
    fires(
        "TasksMissing",
        "two of three run",
        "8m",
        {_RUNNING: "3 2x20", _EXPECTED: "3x20"},
        "Only 2 task(s) of s3-sink-connector have been running for 5 minutes",
        connector=_SINK,
    ),
    silent("TasksMissing", "all run", "8m", {_RUNNING: "3x20", _EXPECTED: "3x20"}),
    silent("TasksMissing", "the worker restarts", "8m", {_RUNNING: "3 0 0 0 3x20", _EXPECTED: "3x20"}),
    fires(
        "ConnectorNotRunning",
        "somebody has paused it",
        "8m",
        {f'pipeline_connector_state{{connector="{_SINK}",state="PAUSED"}}': "_ 1x20"},
        "s3-sink-connector has been PAUSED for 5 minutes",
        connector=_SINK,
        state="PAUSED",
    ),
    silent("ConnectorNotRunning", "it runs", "8m", {f'pipeline_connector_state{{connector="{_SINK}",state="RUNNING"}}': "1x20"}),
    silent(
        "ConnectorNotRunning",
        "it waits for a worker",
        "8m",
        {f'pipeline_connector_state{{connector="{_SINK}",state="UNASSIGNED"}}': "1 1 stale"},
    ),
    fires(
        "TaskFlapping",
        "a fault after every restart",
        "31m",
        {_STARTS: "0+1x60"},
        "The worker started tasks 30 times within 30 minutes, and has 4",
    ),
    silent("TaskFlapping", "a rollout starts each task once more", "31m", {_STARTS: "4x10 0 4x60"}),
    fires(
        "RebalancesOften",
        "a worker comes and goes",
        "31m",
        {_ROUNDS: "0+0.5x60"},
        "The workers distributed their tasks 15 times within 30 minutes",
    ),
    silent("RebalancesOften", "a rollout", "31m", {_ROUNDS: "3x10 0 1 2x60"}),
    fires(
        "RecordsSkipped",
        "the source tolerates errors",
        "6m",
        {_SKIPPED: "0 0 5x9"},
        "postgres-cdc-connector skipped 5 changes within 10 minutes",
        connector=_SOURCE,
    ),
    silent("RecordsSkipped", "the sink sets aside", "6m", {_SKIPPED.replace(_SOURCE, _SINK): "0 0 5x9"}),
    fires(
        "DeadLetters",
        "a row without a place",
        "1m",
        {_OPEN: "0 1x9"},
        "1 dead letter(s) are open: rows that are not in the archive",
        state="open",
    ),
    silent("DeadLetters", "all are replayed", "1m", {_OPEN: "0x9", 'pipeline_dead_letters{state="replayed"}': "7x9"}),
    fires("DeadLetterFlood", "a changed column", "30m", {_OPEN: "0 0 0+5x60"}, "The sink has set aside 140 rows within an hour"),
    silent("DeadLetterFlood", "five hundred of last month, and a new Prometheus", "30m", {_OPEN: "500x60"}),
    silent("DeadLetterFlood", "their replay", "30m", {_OPEN: "500x9 0x60", 'pipeline_dead_letters{state="replayed"}': "0x9 500x60"}),
    silent(
        "DeadLetterFlood",
        "two hundred within minutes, all replayed by then",
        "30m",
        {_OPEN: "0 50 0x60", 'pipeline_dead_letters{state="replayed"}': "0 0 200x60"},
    ),
    fires(
        "DeadLetterWriteFailed",
        "the topic refuses",
        "6m",
        {_UNWRITTEN: "0 0 2x9"},
        "2 rows of s3-sink-connector could be neither archived nor set aside within 10 minutes",
        connector=_SINK,
    ),
    silent("DeadLetterWriteFailed", "none failed", "6m", {_UNWRITTEN: "0x9"}),
    replace(
        fires(
            "DeadLettersForgotten",
            "open for two days",
            "50h",
            {_OPEN: "3x60"},
            "3 dead letter(s) have been open for two days; retention will delete them",
            state="open",
        ),
        step="1h",
    ),
    replace(silent("DeadLettersForgotten", "dropped in between", "50h", {_OPEN: "3x20 0 3x60"}), step="1h"),
    fires(
        "DeadLettersExpired",
        "retention was faster",
        "1m",
        {"pipeline_dead_letters_expired": "0 4x9"},
        "Up to 4 dead letters were deleted by retention before anything was done with them",
    ),
    silent("DeadLettersExpired", "none is lost", "1m", {"pipeline_dead_letters_expired": "0x9"}),
    replace(
        fires(
            "BackfillLong", "it cannot go on", "25h", {"pipeline_backfill_tables": "2x30"}, "2 table(s) have been in a backfill for a day"
        ),
        step="1h",
    ),
    replace(silent("BackfillLong", "it took three hours", "25h", {"pipeline_backfill_tables": "2x3 0x30"}), step="1h"),
    silent("RecordsSkipped", "the source skips nothing", "6m", {_SKIPPED: "0x9"}),
    fires(
        "DeadLettersExpire",
        "37 days are the most",
        "1m",
        {"pipeline_dead_letters_oldest_timestamp_seconds": f"{-31 * 86400}x9"},
        "The oldest open dead letter is 31d 0h 1m 0s old, and retention deletes it after 37 days",
    ),
    silent("DeadLettersExpire", "set aside last week", "9m", {"pipeline_dead_letters_oldest_timestamp_seconds": f"{-7 * 86400}x9"}),
    silent("DeadLettersExpire", "none is open", "9m", {}),
)
