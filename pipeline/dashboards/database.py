"""Panels of the database's own figures, as the exporter for PostgreSQL gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards.panels import Kind, Panel, Query, above, below
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

_WARNING: Final = 0.7
_CRITICAL: Final = 0.9
_LONG_S: Final = 600


def panels(stack: Stack) -> tuple[Panel, ...]:
    """Return the panels of a stack whose database the program creates."""
    volume = stack.settings.source.storage_mib * MIB
    connections = stack.settings.source.max_connections
    return (
        Panel(
            title="Volume of the database",
            shows="Size of all databases and of the log, of the volume that holds both.",
            bad="A full volume stops the database; the log is bounded by the slot's cap, tables are not.",
            command=stack.command("plan"),
            unit=units.BytesIEC,
            queries=(
                Query("sum(pg_database_size_bytes)", "databases"),
                Query("max(pg_wal_size_bytes)", "log"),
                Query("sum(pg_database_size_bytes) + max(pg_wal_size_bytes)", "both"),
            ),
            steps=above(_WARNING * volume, _CRITICAL * volume),
        ),
        Panel(
            title="Connections",
            shows=f"Connections in each state, of {connections}.",
            bad="Near the limit, the source or the catalog may be refused.",
            command=stack.logs("postgresql"),
            unit=units.Short,
            queries=(
                Query("sum by (state) (pg_stat_activity_count)", "{{state}}"),
                Query("sum(pg_stat_activity_count)", "all"),
            ),
            steps=above(0.8 * connections, connections),
        ),
        Panel(
            title="Longest transaction",
            shows="Age of the oldest open transaction.",
            bad=f"Above {_LONG_S} s it holds the slot's log back, and a new slot cannot be created.",
            command=stack.logs("postgresql"),
            unit=units.Seconds,
            queries=(Query("max(pg_stat_activity_max_tx_duration)", "oldest"),),
            steps=above(_LONG_S),
        ),
        Panel(
            title="Rows written per second",
            shows="Rows that the database inserts, updates and deletes, by table; captured or not.",
            bad="More than Debezium's changes of the same table: some are on their way, or the table is not captured.",
            command=stack.command("audit"),
            unit=units.OpsPerSecond,
            queries=(
                Query("sum by (relname) (rate(pg_stat_user_tables_n_tup_ins[$__rate_interval]))", "{{relname}} inserted"),
                Query("sum by (relname) (rate(pg_stat_user_tables_n_tup_upd[$__rate_interval]))", "{{relname}} updated"),
                Query("sum by (relname) (rate(pg_stat_user_tables_n_tup_del[$__rate_interval]))", "{{relname}} deleted"),
            ),
        ),
        Panel(
            title="Exporter for PostgreSQL",
            shows="Whether the exporter can log in to the database.",
            bad="No: the database is down, or the role's password was changed.",
            command=stack.command("doctor"),
            unit=units.NoUnit,
            queries=(Query("max(pg_up)", "log-in"),),
            kind=Kind.STATES,
            steps=below(1),
            names={0: ("no", "red"), 1: ("yes", "green")},
            width=24,
        ),
    )
