"""Cases of the alerts about slot and database."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.monitoring.cases.case import fires, silent

_GIB: Final = 1024**3
_WAL: Final = "pipeline_database_wal_position_bytes"
_AT: Final = "pipeline_source_position_bytes"
_TRANSACTION: Final = 'pg_stat_activity_max_tx_duration{datname="ecommerce",backend_type="client backend",usename="app_rw",state="active"}'


def _slot(retained: str, safe: str) -> dict[str, str]:
    return {"pipeline_slot_retained_bytes": retained, "pipeline_slot_safe_bytes": safe}


CASES: Final = (
    fires(
        "SlotHalfUsed",
        "a stopped source holds back 1 GiB of 1.5",
        "7m",
        _slot(f"{_GIB}x20", f"{_GIB // 2}x20"),
        "66.67% of the log that the server may keep for the replication slot is used",
    ),
    silent("SlotHalfUsed", "a batch of 100 MiB", "7m", _slot(f"{_GIB // 10}x20", f"{_GIB}x20")),
    silent("SlotHalfUsed", "the slot is lost, and the figures are gone", "9m", _slot(f"{_GIB}x3 stale", f"{_GIB // 2}x3 stale")),
    fires(
        "SlotWillBeLost",
        "1 MiB a second with a cap of 1.5 GiB",
        "17m",
        _slot("0+62914560x30", "1610612736-62914560x30"),
        "The replication slot is lost within the hour: 516MiB are left",
    ),
    silent("SlotWillBeLost", "the same, at its beginning", "6m", _slot("0+62914560x30", "1610612736-62914560x30")),
    silent(
        "SlotWillBeLost",
        "a source that reads, between two steps",
        "20m",
        _slot("0 9e6 18e6 0 9e6 18e6 0 9e6 18e6 0 9e6 18e6 0 9e6 18e6 0 9e6 18e6 0 9e6 18e6", "1600e6x30"),
    ),
    fires(
        "SlotWillBeLost",
        "PostgreSQL says so itself",
        "7m",
        {'pipeline_slot_wal_status{status="unreserved"}': "1x20"},
        "The replication slot is lost within the hour: nothing is left",
        status="unreserved",
    ),
    fires(
        "SlotLost",
        "it is lost",
        "1m",
        {"pipeline_slot_lost": "0 1x9"},
        "The replication slot is lost; the changes behind its position are in the database, and not in the archive",
    ),
    silent("SlotLost", "it is there", "1m", {"pipeline_slot_lost": "0x9"}),
    fires(
        "SlotMissing",
        "somebody has dropped it",
        "8m",
        {"pipeline_slot_exists": "1 0x20"},
        "The replication slot has not existed for 5 minutes: a new one would begin behind changes that nobody has read",
    ),
    silent("SlotMissing", "the first start takes three minutes", "8m", {"pipeline_slot_exists": "0 0 0 0 1x9"}),
    silent("SlotMissing", "the database does not answer", "9m", {"pipeline_slot_exists": "1 1 _x9"}),
    fires(
        "SlotInactive",
        "the worker is down",
        "8m",
        {"pipeline_slot_active": "1 0x20", **_slot("5e8x20", "1e9x20")},
        "Nobody has read the replication slot for 5 minutes, and 476.8MiB of log are kept for it",
    ),
    silent("SlotInactive", "the worker restarts", "9m", {"pipeline_slot_active": "1 1 0 0 1x20"}),
    silent("SlotInactive", "a lost slot has an alert of its own", "9m", {"pipeline_slot_active": "0x20", "pipeline_slot_lost": "1x20"}),
    fires(
        "SlotNotMoving",
        "the source hangs while the database writes",
        "18m",
        {_AT: "5e6x30", _WAL: "5e6+1e6x30", "pipeline_slot_active": "1x30"},
        "The source has stored no new position for 10m, while the database wrote 9.537MiB of log",
    ),
    silent(
        "SlotNotMoving",
        "the first snapshot",
        "18m",
        {_AT: "5e6x30", _WAL: "5e6+1e6x30", "pipeline_slot_active": "1x30", "pipeline_source_snapshot": "1x30"},
    ),
    silent(
        "SlotNotMoving", "heartbeats of an idle database", "18m", {_AT: "5e6+100x30", _WAL: "5e6+100x30", "pipeline_slot_active": "1x30"}
    ),
    silent("SlotNotMoving", "nobody reads the slot", "18m", {_AT: "5e6x30", _WAL: "5e6+1e6x30", "pipeline_slot_active": "0x30"}),
    fires(
        "ForeignSlot",
        "a forgotten slot",
        "62m",
        {'pg_replication_slot_slot_is_active{slot_name="old",slot_type="logical"}': "0x90"},
        "The slot old has existed for an hour beside the pipeline's; without a reader it fills the volume",
        slot_name="old",
        slot_type="logical",
    ),
    silent(
        "ForeignSlot",
        "the audit's slot for some minutes",
        "62m",
        {'pg_replication_slot_slot_is_active{slot_name="audit",slot_type="logical"}': "1x6 _x90"},
    ),
    silent(
        "ForeignSlot",
        "the pipeline's own",
        "62m",
        {'pg_replication_slot_slot_is_active{slot_name="debezium_slot",slot_type="logical"}': "1x90"},
    ),
    fires(
        "LongTransaction",
        "a forgotten session",
        "12m",
        {_TRANSACTION: "0+60x30"},
        "A transaction in ecommerce has been open for 12m 0s",
        datname="ecommerce",
    ),
    silent("LongTransaction", "many short ones", "15m", {_TRANSACTION: "3x30"}),
    silent(
        "LongTransaction", "the source's own stream never ends", "15m", {_TRANSACTION.replace("client backend", "walsender"): "0+60x30"}
    ),
    fires("PostgresDown", "it is down", "4m", {"pg_up": "1 0x9"}, "PostgreSQL has not let its exporter in for 2 minutes"),
    silent("PostgresDown", "it restarts", "4m", {"pg_up": "1 0 0 1x9"}),
    fires(
        "ConnectionsNearLimit",
        "an application opens 24",
        "12m",
        {'pg_stat_activity_count{backend_type="client backend",state="idle"}': "24x30"},
        "24 of 27 connections of the database are taken",
    ),
    silent(
        "ConnectionsNearLimit",
        "as many for five minutes",
        "12m",
        {'pg_stat_activity_count{backend_type="client backend",state="idle"}': "3x3 24x5 3x30"},
    ),
    fires(
        "DatabaseDiskFills",
        "tables grow",
        "30m",
        {'pg_database_size_bytes{datname="ecommerce"}': "36e8+2e7x99", "pg_wal_size_bytes": "1e8x99"},
        "Tables and log of the database take 4.005GiB of 5120 MiB, and are growing to the end of the volume within 4 hours",
    ),
    silent(
        "DatabaseDiskFills",
        "large and still",
        "80m",
        {'pg_database_size_bytes{datname="ecommerce"}': "45e8x99", "pg_wal_size_bytes": "1e8x99"},
    ),
    silent(
        "DatabaseDiskFills",
        "small and growing",
        "80m",
        {'pg_database_size_bytes{datname="ecommerce"}': "1e8+2e7x99", "pg_wal_size_bytes": "1e8x99"},
    ),
    replace(
        fires(
            "SlotWithoutBound",
            "no cap",
            "7m",
            {"pipeline_slot_retained_bytes": f"{6 * _GIB}x20"},
            "The server keeps 6GiB for the replication slot, and max_slot_wal_keep_size does not bound it",
        ),
        stack="guest",
    ),
    replace(silent("SlotWithoutBound", "there is a cap", "7m", _slot(f"{6 * _GIB}x20", f"{_GIB}x20")), stack="guest"),
    silent("SlotWillBeLost", "much is used, and it stays so", "20m", _slot("8e8x30", "8e8x30")),
    silent("SlotNotMoving", "nothing is written at all", "18m", {_AT: "5e6x30", _WAL: "5e6x30", "pipeline_slot_active": "1x30"}),
    silent("SlotHalfUsed", "a burst that is read at once", "9m", _slot(f"{_GIB}x3 5x9", f"{_GIB // 2}x3 {_GIB}x9")),
    silent("SlotWillBeLost", "a burst that is read at once", "12m", _slot("0 5e8 1e9 0x20", "16e8 11e8 6e8 16e8x20")),
    silent("LongTransaction", "it ends after ten minutes and a half", "15m", {_TRANSACTION: "570 630 5x20"}),
    silent(
        "DatabaseDiskFills",
        "a burst of temporary files",
        "80m",
        {'pg_database_size_bytes{datname="ecommerce"}': "36e8x5 44e8x5 36e8x80", "pg_wal_size_bytes": "1e8x99"},
    ),
    silent(
        "SlotNotMoving",
        "a stall of twelve minutes",
        "40m",
        {_AT: "5e6+1e6x10 15e6x12 16e6+1e6x30", _WAL: "5e6+1e6x60", "pipeline_slot_active": "1x60"},
    ),
    replace(silent("SlotWithoutBound", "a burst", "12m", {"pipeline_slot_retained_bytes": f"{6 * _GIB}x3 5x20"}), stack="guest"),
    silent("LongTransaction", "the snapshot of a large table", "15m", {_TRANSACTION.replace("app_rw", "debezium"): "0+60x30"}),
)
