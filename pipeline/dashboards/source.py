"""Dashboard of the source: replication slot, Debezium, and the database where the program creates it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards import database
from pipeline.dashboards.panels import GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query, Section, above, below
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

_STREAMING: Final = 'context="streaming"'
_SNAPSHOT: Final = 'context="snapshot"'
_CONNECTED: Final = {0: ("disconnected", RED), 1: ("connected", GREEN)}
_READ: Final = {0: ("not read", ORANGE), 1: ("read", GREEN)}
_NO_YES: Final = {0: ("no", GREEN), 1: ("yes", ORANGE)}


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack."""
    return Dashboard(
        "source",
        "Source: PostgreSQL and Debezium",
        "Replication slot, Debezium's stream and first snapshot, and the database's own figures.",
        (
            Section("Replication slot", (_kept(stack), _left(stack), *_slot(stack))),
            Section("Debezium", (_delay(stack), _silence(stack), _events(stack), _queue(stack), *_stream(stack))),
            Section("First snapshot", _first_snapshot(stack)),
            Section("Database", database.panels(stack) if stack.has_database else ()),
        ),
    )


def _kept(stack: Stack) -> Panel:
    return Panel(
        title="Log kept for the slot",
        shows="Write-ahead log that PostgreSQL keeps for the slot, and what may be written until it gives the slot up.",
        bad=f"A growing area means that the source does not read; at {stack.slot_bytes // MIB} MiB the slot is lost.",
        command=stack.command("epoch show"),
        unit=units.BytesIEC,
        queries=(Query("max(pipeline_slot_retained_bytes)", "kept"), Query("min(pipeline_slot_safe_bytes)", "until it is lost")),
        steps=above(stack.slot_bytes / 2, stack.slot_bytes),
    )


def _left(stack: Stack) -> Panel:
    return Panel(
        title="Seconds until the slot is lost",
        shows="Time until the slot is lost at the rate of the exporter's last two looks; nothing while nothing shrinks.",
        bad="Below an hour, start the source now; a lost slot costs a new epoch with a snapshot of every table.",
        command=stack.command("epoch show"),
        unit=units.Seconds,
        queries=(Query("min(pipeline_slot_seconds_until_lost)", "until lost"),),
        steps=below(86400, 3600),
        absent="not shrinking",
    )


def _slot(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="State of the slot",
            shows="PostgreSQL's word for the slot's log: reserved, extended, unreserved or lost.",
            bad="Unreserved: lost at the next checkpoint. Lost: changes are gone, and a new epoch is needed.",
            command=stack.command("epoch show"),
            unit=units.NoUnit,
            queries=(Query("max by (status) (pipeline_slot_wal_status)", "{{status}}"),),
            kind=Kind.STATES,
            names={1: ("now", GREEN)},
            width=8,
        ),
        Panel(
            title="Reader of the slot",
            shows="Whether a connection reads the slot.",
            bad="Not read: the source is stopped, and the log grows.",
            command=stack.command("status"),
            unit=units.NoUnit,
            queries=(Query("max(pipeline_slot_active)", "slot"),),
            kind=Kind.STATES,
            steps=below(1),
            names=_READ,
            width=8,
        ),
        Panel(
            title="Log not read yet",
            shows="Distance between the end of the database's log and the place that the source has stored.",
            bad="A rising line means that the source reads less than the database writes.",
            command=stack.command("status --watch"),
            unit=units.BytesIEC,
            queries=(Query("max(pipeline_database_wal_position_bytes) - max(pipeline_source_position_bytes)", "not read"),),
            steps=above(stack.slot_bytes / 2, stack.slot_bytes),
            width=8,
        ),
        Panel(
            title="Log written per second",
            shows="Write-ahead log that the database writes, all tables and databases included.",
            bad="Much more than the captured changes explain: another table or database fills the slot's room.",
            command=stack.command("status"),
            unit=units.BytesPerSecondIEC,
            queries=(Query("sum(rate(pipeline_database_wal_position_bytes[$__rate_interval]))", "written"),),
        ),
        Panel(
            title="Age of the last heartbeat",
            shows="Time since the source's last committed heartbeat, and since the last commit that it has read.",
            bad=f"Above {stack.silent_s:.0f} s the source stands still, though it writes a heartbeat by itself.",
            command=stack.command("epoch show"),
            unit=units.Seconds,
            queries=(
                Query("max(pipeline_database_heartbeat_age_seconds)", "heartbeat committed"),
                Query("max(pipeline_source_read_age_seconds)", "commit read"),
            ),
            steps=above(stack.silent_s, 2 * stack.silent_s),
        ),
    )


def _delay(stack: Stack) -> Panel:
    names = (("", "last"), ("p50", "median"), ("p95", "95 %"), ("p99", "99 %"))
    return Panel(
        title="Delay behind the database",
        shows="Time between a commit and its change in Debezium: the last one, and three quantiles.",
        bad="Above 10 s Debezium is slow or Kafka does not take its records. The line stands still while the database is idle.",
        command=stack.command("status"),
        unit=units.Milliseconds,
        queries=tuple(Query(f"max(debezium_millisecondsbehindsource{suffix}{{{_STREAMING}}})", name) for suffix, name in names),
        steps=above(10_000, 300_000),
        # -1 until the first change
        least=None,
    )


def _silence(stack: Stack) -> Panel:
    return Panel(
        title="Time since the last event",
        shows="Time since Debezium's last event, heartbeats included.",
        bad=f"Above {stack.silent_s:.0f} s it is not idle but stopped.",
        command=stack.command("status"),
        unit=units.Milliseconds,
        queries=(Query(f"min(debezium_millisecondssincelastevent{{{_STREAMING}}})", "since the last event"),),
        steps=above(1000 * stack.silent_s, 2000 * stack.silent_s),
    )


def _events(stack: Stack) -> Panel:
    return Panel(
        title="Changes per second by table and operation",
        shows="Changes that Debezium has read from the log since its task started.",
        bad="A Truncate is not archived as deleted rows; no line for a table that is written to means that it is not captured.",
        command=stack.command("audit"),
        unit=units.OpsPerSecond,
        queries=(Query("sum by (table, operation) (rate(debezium_events_total[$__rate_interval]))", "{{table}} {{operation}}"),),
    )


def _queue(stack: Stack) -> Panel:
    return Panel(
        title="Debezium's queue",
        shows="Part of the queue between reading and writing that is taken, by records and by bytes.",
        bad="A full queue: Kafka or Connect is slower than the database.",
        command=stack.command("status"),
        unit=units.PercentUnit,
        queries=(
            Query(
                f"1 - min(debezium_queueremainingcapacity{{{_STREAMING}}} / debezium_queuetotalcapacity{{{_STREAMING}}})",
                "records",
            ),
            Query(f"max(debezium_currentqueuesizeinbytes{{{_STREAMING}}} / debezium_maxqueuesizeinbytes{{{_STREAMING}}})", "bytes"),
        ),
        steps=above(0.9),
        most=1,
    )


def _stream(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Connection to the database",
            shows="Whether Debezium streams from the slot.",
            bad="Disconnected while the task is RUNNING: it retries, and nothing arrives.",
            command=stack.command("status"),
            unit=units.NoUnit,
            queries=(Query(f"max(debezium_connected{{{_STREAMING}}})", "stream"),),
            kind=Kind.STATES,
            steps=below(1),
            names=_CONNECTED,
            width=8,
        ),
        Panel(
            title="Transactions per second",
            shows="Committed transactions that Debezium has read.",
            bad="None while the database commits: the stream stands still.",
            command=stack.command("status"),
            unit=units.OpsPerSecond,
            queries=(Query(f"sum(rate(debezium_numberofcommittedtransactions{{{_STREAMING}}}[$__rate_interval]))", "transactions"),),
            width=8,
        ),
        Panel(
            title="Erroneous events",
            shows="Events that Debezium could not turn into records, since its task started.",
            bad="Each is a change that is not in Kafka.",
            command=stack.command("audit"),
            unit=units.Short,
            queries=(Query("sum(debezium_numberoferroneousevents)", "events"),),
            kind=Kind.NUMBER,
            steps=above(None, 1),
            width=8,
        ),
    )


def _first_snapshot(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Snapshot runs",
            shows="Whether Debezium reads the rows that existed before; absent if it has read none since its start.",
            bad="Running for hours without new rows: it waits for a lock, or the database is slow.",
            command=stack.command("status"),
            unit=units.NoUnit,
            queries=(Query(f"max(debezium_snapshotrunning{{{_SNAPSHOT}}})", "snapshot"),),
            kind=Kind.STATES,
            names=_NO_YES,
            absent="none since the start",
            width=8,
        ),
        Panel(
            title="Tables left",
            shows="Tables that the snapshot has not read yet.",
            bad="Not 0 and the snapshot does not run: it was aborted, and the archive lacks rows.",
            command=stack.command("status"),
            unit=units.Short,
            queries=(Query(f"max(debezium_remainingtablecount{{{_SNAPSHOT}}})", "tables"),),
            kind=Kind.NUMBER,
            absent="none since the start",
            width=8,
        ),
        Panel(
            title="Rows read by the snapshot",
            shows="Rows of each table that the snapshot has read.",
            bad="A flat line while the snapshot runs: it stands still.",
            command=stack.command("status"),
            unit=units.Short,
            queries=(Query("max by (table) (debezium_snapshot_rows_scanned)", "{{table}}"),),
            absent="none since the start",
            width=8,
        ),
    )
