"""Parameters of an existing server that logical replication needs, with the SQL or the place that sets them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.specification.source.sql import when

if TYPE_CHECKING:
    from stack.settings.names import Names

# Replication slots of one pipeline, and connections that read them.
SLOTS: Final = 1
# Three days: an outage over a weekend loses no slot
IDLE_SLOT_S: Final = 259_200


@dataclass(frozen=True, slots=True)
class Parameter:
    """A server parameter that logical replication needs.

    Attributes:
        name: Name of the parameter.
        value: Recommended value.
        wrong: SQL condition that is true if the current value is insufficient.
        rds: Setting in the parameter group of RDS or Aurora, ``name = value``.
        restart: Whether it takes effect only at a restart; otherwise a reload is enough.
    """

    name: str
    value: str
    wrong: str
    rds: str
    restart: bool


def parameters(names: Names, wal_keep_mib: int) -> tuple[Parameter, ...]:
    """Return the server parameters that logical replication needs.

    Args:
        names: Names of the pipeline; its own slot counts once.
        wal_keep_mib: Maximum write-ahead log, in MiB, that a slot may hold back before PostgreSQL invalidates it.
    """
    keep = f"{wal_keep_mib}MB"
    others = f"(SELECT count(*) FROM pg_replication_slots WHERE slot_name <> '{names.current_slot}')"
    own_sender = f"(SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{names.current_slot}')"
    senders = f"(SELECT count(*) FROM pg_stat_replication WHERE pid IS DISTINCT FROM {own_sender})"
    return (
        Parameter("wal_level", "logical", "current_setting('wal_level') <> 'logical'", "rds.logical_replication = 1", restart=True),
        Parameter(
            "max_replication_slots",
            "10",
            f"{others} + {SLOTS} > current_setting('max_replication_slots')::int",
            "max_replication_slots = 10",
            restart=True,
        ),
        Parameter(
            "max_wal_senders",
            "10",
            f"{senders} + {SLOTS} > current_setting('max_wal_senders')::int",
            "max_wal_senders = 10",
            restart=True,
        ),
        Parameter(
            "max_slot_wal_keep_size",
            keep,
            "current_setting('max_slot_wal_keep_size') = '-1'",
            f"max_slot_wal_keep_size = {wal_keep_mib}",
            restart=False,
        ),
        Parameter("wal_sender_timeout", "60s", "current_setting('wal_sender_timeout') = '0'", "wal_sender_timeout = 60000", restart=False),
        # of PostgreSQL 18; an older server has no such row
        Parameter(
            "idle_replication_slot_timeout",
            f"{IDLE_SLOT_S}s",
            "EXISTS (SELECT FROM pg_settings WHERE name = 'idle_replication_slot_timeout' "
            f"AND setting::bigint BETWEEN 1 AND {IDLE_SLOT_S - 1})",
            f"idle_replication_slot_timeout = {IDLE_SLOT_S}",
            restart=False,
        ),
    )


def set_parameter(parameter: Parameter, *, managed: bool) -> str:
    """Return how to set a parameter: a statement with the same for a provider's console, or on RDS and Aurora the parameter group.

    Args:
        parameter: Parameter to set.
        managed: Whether the server is RDS or Aurora.
    """
    if managed:
        return f"in the parameter group: {parameter.rds}" + (", then reboot the instance" if parameter.restart else "")
    then = "-- then restart the server" if parameter.restart else "SELECT pg_reload_conf();"
    return f"ALTER SYSTEM SET {parameter.name} = '{parameter.value}'; {then}\n({_CONSOLE}: {parameter.name} = {parameter.value})"


_CONSOLE: Final = "or, where a provider runs the server and no login may ALTER SYSTEM, in the provider's console"


def script(names: Names, wal_keep_mib: int) -> str:
    """Return the part of the script for psql that sets the parameters, or shows those that only a console can set.

    The psql variables ``managed`` and ``superuser`` say what the administrator is: the master user at AWS, a superuser, or neither.

    Args:
        names: Names of the pipeline; its own slot counts once.
        wal_keep_mib: Maximum write-ahead log, in MiB, that a slot may hold back before PostgreSQL invalidates it.
    """
    own, managed, console = [], [], []
    for parameter in parameters(names, wal_keep_mib):
        own.append(when(parameter.wrong, f"ALTER SYSTEM SET {parameter.name} = '{parameter.value}'"))
        managed.append(_shown(parameter, parameter.rds, "reboot", "set in the parameter group:"))
        console.append(_shown(parameter, f"{parameter.name} = {parameter.value}", "restart", "-- set in the provider's console:"))
    return (
        "-- 1. The server. A superuser sets it by ALTER SYSTEM, which takes effect at a reload (done here) or at a restart (yours to\n"
        "--    choose). Any other login sees here what is missing: on RDS and Aurora for the parameter group, else for the provider's\n"
        "--    console.\n"
        "\\if :managed\n" + "".join(managed) + "\\elif :superuser\n" + "".join(own) + "SELECT pg_reload_conf();\n"
        'SELECT name AS "waits for a restart:" FROM pg_settings WHERE pending_restart;\n'
        "\\else\n" + "".join(console) + "\\endif\n\n"
    )


def _shown(parameter: Parameter, setting: str, restart: str, heading: str) -> str:
    """Return the query that shows a setting where it is missing: as a comment, unless it is for a parameter group."""
    mark = "--" if heading.startswith("--") else ""
    note = f" ({restart})" if parameter.restart else ""
    return f"SELECT '{mark}  {setting}{note}' AS \"{heading}\" WHERE {parameter.wrong};\n"
