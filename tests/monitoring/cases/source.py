"""Cases of the alerts about Debezium."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import fires, silent

_SERVER: Final = 'context="streaming",server="postgres"'
_AGE: Final = "pipeline_source_read_age_seconds"
_BEHIND: Final = f"debezium_millisecondsbehindsource{{{_SERVER}}}"
_LAST: Final = f"debezium_millisecondssincelastevent{{{_SERVER}}}"
_LEFT: Final = f"debezium_queueremainingcapacity{{{_SERVER}}}"
_ROOM: Final = f"debezium_queuetotalcapacity{{{_SERVER}}}"
_BYTES: Final = f"debezium_currentqueuesizeinbytes{{{_SERVER}}}"
_MOST: Final = f"debezium_maxqueuesizeinbytes{{{_SERVER}}}"
_RUNS: Final = 'debezium_snapshotrunning{context="snapshot",server="postgres"}'
_ROWS: Final = 'debezium_snapshot_rows_scanned{server="postgres",table="public.users"}'
_ABORTED: Final = 'debezium_snapshotaborted{context="snapshot",server="postgres"}'
_ERRORS: Final = f"debezium_numberoferroneousevents{{{_SERVER}}}"

CASES: Final = (
    fires(
        "SourceSilent",
        "no heartbeat is read",
        "8m",
        {_AGE: "5 5 60+60x20"},
        "The source has read nothing for 7m 0s, though it writes a heartbeat every 10 s",
    ),
    fires(
        "SourceSilent",
        "no heartbeat is written",
        "8m",
        {"pipeline_database_heartbeat_age_seconds": "5 5 60+60x20"},
        "The source has read nothing for 7m 0s, though it writes a heartbeat every 10 s",
    ),
    silent("SourceSilent", "an idle database has heartbeats", "8m", {_AGE: "8x20", "pipeline_database_heartbeat_age_seconds": "8x20"}),
    silent("SourceSilent", "the worker restarts", "8m", {_AGE: "5 65 125 5x20"}),
    silent(
        "SourceSilent",
        "the first snapshot",
        "8m",
        {"pipeline_database_heartbeat_age_seconds": "60+60x20", "pipeline_source_snapshot": "1x20"},
    ),
    fires(
        "SourceDisconnected",
        "the database refuses it",
        "4m",
        {f"debezium_connected{{{_SERVER}}}": "1 0x9"},
        "Debezium has had no connection to the database postgres for 2 minutes, though its task runs",
        context="streaming",
        server="postgres",
    ),
    silent("SourceDisconnected", "it connects again", "4m", {f"debezium_connected{{{_SERVER}}}": "1 0 1x9"}),
    silent(
        "SourceDisconnected",
        "a first snapshot of an hour, before which nothing is streamed",
        "8m",
        {f"debezium_connected{{{_SERVER}}}": "0x9", 'debezium_snapshotrunning{context="snapshot",server="postgres"}': "1x9"},
    ),
    fires(
        "SourceLag",
        "20 s behind for long",
        "8m",
        {_BEHIND: "20000x20", _LAST: "100x20"},
        "Debezium has been 20000 ms behind the database for 5 minutes",
        context="streaming",
        server="postgres",
    ),
    silent("SourceLag", "an idle database keeps the last lag", "8m", {_BEHIND: "20000x20", _LAST: "0+60000x20"}),
    silent("SourceLag", "a large transaction of two minutes", "8m", {_BEHIND: "20000 20000 5x20", _LAST: "100x20"}),
    fires(
        "SourceLagHigh",
        "6 minutes behind",
        "4m",
        {_BEHIND: "0 360000x20", _LAST: "100x20"},
        "Debezium is 360000 ms behind the database",
        context="streaming",
        server="postgres",
    ),
    silent("SourceLagHigh", "not known yet", "4m", {_BEHIND: "-1x20", _LAST: "100x20"}),
    fires(
        "SourceQueueFull",
        "Kafka is slow",
        "8m",
        {_LEFT: "10x20", _ROOM: "8192x20"},
        "Debezium's queue has been full for 5 minutes: Kafka or the worker is slower than the database",
        context="streaming",
        server="postgres",
    ),
    fires(
        "SourceQueueFull",
        "wide rows fill the bytes",
        "8m",
        {_LEFT: "8000x20", _ROOM: "8192x20", _BYTES: "16e6x20", _MOST: "16777216x20"},
        "Debezium's queue has been full for 5 minutes: Kafka or the worker is slower than the database",
        context="streaming",
        server="postgres",
    ),
    silent(
        "SourceQueueFull",
        "a snapshot fills its queue",
        "8m",
        {_LEFT.replace("streaming", "snapshot"): "0x20", _ROOM.replace("streaming", "snapshot"): "8192x20"},
    ),
    silent("SourceQueueFull", "no bound of bytes", "8m", {_LEFT: "8000x20", _ROOM: "8192x20", _BYTES: "5x20", _MOST: "0x20"}),
    fires(
        "SnapshotStuck",
        "a lock",
        "28m",
        {_RUNS: "1x60", _ROWS: "500x60"},
        "The snapshot of postgres has read no row for 10 minutes",
        server="postgres",
    ),
    fires(
        "SnapshotStuck",
        "not a single row",
        "12m",
        {_RUNS: "1x60"},
        "The snapshot of postgres has read no row for 10 minutes",
        server="postgres",
    ),
    silent("SnapshotStuck", "it reads", "28m", {_RUNS: "1x60", _ROWS: "0+500x60"}),
    silent("SnapshotStuck", "it has ended", "28m", {_RUNS: "1 0x60", _ROWS: "500x60"}),
    fires(
        "SnapshotAborted",
        "an error in the middle",
        "1m",
        {_ABORTED: "1x9"},
        "The snapshot of postgres was aborted: rows that were not read are not in the archive",
        server="postgres",
    ),
    fires(
        "SnapshotAborted",
        "the task is restarted at once",
        "2m",
        {_ABORTED: "1 0x40"},
        "The snapshot of postgres was aborted: rows that were not read are not in the archive",
        server="postgres",
    ),
    silent("SnapshotAborted", "it goes on", "1m", {_ABORTED: "0x9"}),
    fires(
        "EventsErroneous",
        "a change cannot be read",
        "5m",
        {_ERRORS: "0 0 0 1x9"},
        "Debezium could not pass on 1 changes within 10 minutes",
        context="streaming",
        server="postgres",
    ),
    silent("EventsErroneous", "the connector starts anew", "5m", {_ERRORS: "4 4 0x9"}),
    silent("SourceLagHigh", "an idle database keeps the last lag", "8m", {_BEHIND: "360000x20", _LAST: "100000+60000x20"}),
    silent("SourceQueueFull", "a third of the bytes", "8m", {_LEFT: "8000x20", _ROOM: "8192x20", _BYTES: "5e6x20", _MOST: "16777216x20"}),
    silent("SourceQueueFull", "a burst", "12m", {_LEFT: "10x3 8192x20", _ROOM: "8192x30"}),
    silent("SourceLagHigh", "one large transaction", "8m", {_BEHIND: "5 360000 5x20", _LAST: "100x30"}),
    silent("SnapshotStuck", "it waits five minutes for a transaction", "28m", {_RUNS: "1x60", _ROWS: "_ _ _ _ _ 0+500x60"}),
)
