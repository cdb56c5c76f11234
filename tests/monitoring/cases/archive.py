"""Cases of the alerts about the archive, and of the metrics that the requirements name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.monitoring.cases.case import fires, silent

_LAG: Final = 'kafka_consumer_lag_seconds{topic="postgres.public.orders"}'
_ORDERS: Final = {"topic": "postgres.public.orders", "table": "public.orders"}
_BEHIND: Final = 'kafka_consumer_lag{topic="postgres.public.orders",partition="0"}'
_END: Final = 'pipeline_kafka_end_offset{topic="postgres.public.orders",partition="0"}'
_WAITS: Final = 'pipeline_archive_oldest_waiting_seconds{table="public.orders"}'
_COMMIT: Final = 'pipeline_archive_last_commit_timestamp_seconds{table="public.orders"}'
_ROWS: Final = 'iceberg_added_records_total{table="archive.orders"}'
_SUCCESS: Final = 'kafka_connect_connector_task_offset_commit_success_percentage{connector="s3-sink-connector",task="0"}'
_FAILURE: Final = _SUCCESS.replace("success", "failure")
_PLACE: Final = {"connector": "s3-sink-connector", "bucket": "warehouse"}


def _commits(done: str, tried: str) -> dict[str, str]:
    return {'iceberg_commits_total{table="archive.orders"}': done, 'iceberg_commit_attempts_total{table="archive.orders"}': tried}


CASES: Final = (
    fires(
        "ArchiveLag",
        "the sink reads too slowly",
        "7m",
        {_LAG: "8 120x20"},
        "The sink has been late with public.orders for 5 minutes: its first unread change is 2m 0s old (limit 90s)",
        **_ORDERS,
    ),
    silent("ArchiveLag", "an idle table", "7m", {_LAG: "0x20"}),
    silent("ArchiveLag", "the worker restarts", "7m", {_LAG: "8 70 130 100 8x20"}),
    replace(silent("ArchiveLag", "Parquet files are closed every five minutes", "20m", {_LAG: "0+60x10 0+60x20"}), stack="parquet"),
    fires(
        "ArchiveLagHigh",
        "the sink stands",
        "8m",
        {_LAG: "0+60x20"},
        "The sink is very late with public.orders: its first unread change is 8m 0s old (limit 5m)",
        **_ORDERS,
    ),
    silent("ArchiveLagHigh", "late, but not very", "8m", {_LAG: "200x20"}),
    fires(
        "LagKeepsGrowing",
        "more comes than goes",
        "40m",
        {_BEHIND: "0+600x60"},
        "The backlog of postgres.public.orders has grown by 9000 changes within 15 minutes",
        topic="postgres.public.orders",
    ),
    silent("LagKeepsGrowing", "a bulk load is worked off", "40m", {_BEHIND: "60000-600x60"}),
    silent("LagKeepsGrowing", "a small backlog comes and goes", "40m", {_BEHIND: "0 50 100 20 60 0+10x60"}),
    fires(
        "TableStale",
        "a change waits",
        "9m",
        {_WAITS: "0 60+60x20"},
        "A change of public.orders has been waiting for 9m 0s to be archived (limit 5m)",
        table="public.orders",
    ),
    silent("TableStale", "an idle table", "9m", {_WAITS: "0x20"}),
    silent("TableStale", "the worker restarts", "9m", {_WAITS: "5 65 125 185 5x20"}),
    fires(
        "ArchiveStalled",
        "no commit, and a lag of 0",
        "12m",
        {_COMMIT: "0x20", _WAITS: "0+60x20", _BEHIND: "0x20"},
        "The last commit of public.orders is 12m 0s old, and changes wait",
        table="public.orders",
    ),
    silent("ArchiveStalled", "nothing has changed since the last commit", "12m", {_COMMIT: "0x20", _WAITS: "0x20"}),
    silent("ArchiveStalled", "it commits, and is late", "12m", {_COMMIT: "0+60x20", _WAITS: "200x20"}),
    fires(
        "CommitsFail",
        "every second commit is tried again",
        "30m",
        _commits("0+6x60", "0+12x60"),
        "Only 50% of the commits to warehouse succeeded at once within 15 minutes",
        **_PLACE,
    ),
    silent("CommitsFail", "each succeeds at once", "20m", _commits("0+6x60", "0+6x60")),
    silent("CommitsFail", "nothing is committed at all", "20m", _commits("6x60", "12x60")),
    replace(
        fires(
            "CommitsFail",
            "of the Parquet sink",
            "25m",
            {_SUCCESS: "0.5x30", _FAILURE: "0.5x30"},
            "Only 50% of the commits to warehouse succeeded at once within 15 minutes",
            **_PLACE,
        ),
        stack="parquet",
    ),
    replace(silent("CommitsFail", "of the Parquet sink, all succeed", "12m", {_SUCCESS: "1x20", _FAILURE: "0x20"}), stack="parquet"),
    fires(
        "ThroughputBelowTarget",
        "100 rows a second, and work for hours",
        "20m",
        {_ROWS: "0+6000x60", _BEHIND: "500000x60"},
        "The pipeline archives 100 changes per second of 1000, while more than 10000 wait",
    ),
    silent("ThroughputBelowTarget", "as slow, since there is nothing to do", "20m", {_ROWS: "0+6000x60", _BEHIND: "50x60"}),
    silent("ThroughputBelowTarget", "a backlog at full speed", "20m", {_ROWS: "0+90000x60", _BEHIND: "500000x60"}),
    replace(
        fires(
            "ThroughputBelowTarget",
            "by the offsets of the Parquet sink",
            "20m",
            {_END: "0+6000x60", _BEHIND: "500000x60"},
            "The pipeline archives 100 changes per second of 1000, while more than 10000 wait",
        ),
        stack="parquet",
    ),
    replace(
        silent(
            "ThroughputBelowTarget", "by the offsets of the Parquet sink, at full speed", "20m", {_END: "0+90000x60", _BEHIND: "500000x60"}
        ),
        stack="parquet",
    ),
    fires(
        "HistoryBroken",
        "the slot was lost",
        "3m",
        {"pipeline_history_broken": "0 1x9"},
        "The history of the pipeline is broken; what is lost, and what begins anew, the command says before it does anything",
    ),
    silent("HistoryBroken", "it is whole", "3m", {"pipeline_history_broken": "0x9"}),
    silent("HistoryBroken", "it cannot be decided", "3m", {}),
    silent("LagKeepsGrowing", "a bulk load", "40m", {_BEHIND: "0+3000x8 24000-2000x12 0x40"}),
    silent("ArchiveStalled", "one commit is late", "12m", {_COMMIT: "0x6 360x20", _WAITS: "0+60x6 0x20"}),
    silent("CommitsFail", "one conflict after a start", "40m", _commits("0+1x60", "0 2 3+1x60")),
    silent("ThroughputBelowTarget", "the first minutes after a pause", "20m", {_ROWS: "0x5 0+90000x60", _BEHIND: "500000x60"}),
    silent("HistoryBroken", "one look in the middle of a new epoch", "6m", {"pipeline_history_broken": "0 1 0x9"}),
    silent("ArchiveLagHigh", "a commit that took five minutes", "8m", {_LAG: "8 330 8x20"}),
    silent("TableStale", "a commit that took five minutes", "9m", {_WAITS: "5 330 5x20"}),
    replace(silent("CommitsFail", "a Parquet sink with nothing to do", "40m", {_SUCCESS: "0x50", _FAILURE: "0x50"}), stack="parquet"),
)
