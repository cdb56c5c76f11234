"""The SQL that makes a database which was there before ready to be captured: for its administrator to read and run.

Each statement is a function, so that whoever looks what is missing can name the very statement that adds it. Nothing secret stands
in the text; the role cannot log in until it is given a password by psql's own command for that, which sends only a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from specification.source import catalog_sql
from specification.source.sql import create_heartbeat, grant_heartbeat, publication_sql, publication_tables, set_publication_tables, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings.names import Names
    from settings.tables import Table

# Replication slots, and connections that read them, that one pipeline takes.
SLOTS: Final = 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the server.

    Attributes:
        name: As PostgreSQL calls it.
        value: What to set.
        wrong: SQL that is true when the present value will not do.
        rds: What to set in the parameter group of RDS or Aurora instead, ``name = value``.
        restart: Whether it takes effect at a restart only; without, a reload is enough.
    """

    name: str
    value: str
    wrong: str
    rds: str
    restart: bool


def parameters(names: Names, wal_keep_mib: int) -> tuple[Parameter, ...]:
    """What logical replication needs of the server.

    Args:
        names: The pipeline's names; its own slot counts once.
        wal_keep_mib: The most write-ahead log, in MiB, that a slot may hold back before it is given up.
    """
    keep = f"{wal_keep_mib}MB"
    others = f"(SELECT count(*) FROM pg_replication_slots WHERE slot_name <> '{names.slot}')"
    own_sender = f"(SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{names.slot}')"
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
    )


def set_parameter(parameter: Parameter, *, managed: bool) -> str:
    """How a parameter is set: a statement on a server of one's own, or what to change in a parameter group.

    Args:
        parameter: The parameter.
        managed: Whether AWS runs the server.
    """
    if managed:
        return f"in the parameter group: {parameter.rds}" + (", then reboot the instance" if parameter.restart else "")
    then = "-- then restart the server" if parameter.restart else "SELECT pg_reload_conf();"
    return f"ALTER SYSTEM SET {parameter.name} = '{parameter.value}'; {then}"


def create_role(names: Names) -> str:
    """The role that Debezium reads as, still without a password."""
    return f"CREATE ROLE {names.debezium_role} LOGIN;"


def allow_replication(names: Names, *, managed: bool) -> str:
    """Lets the role use a replication slot; on RDS and Aurora only a membership gives that right."""
    if managed:
        return f"GRANT rds_replication TO {names.debezium_role};"
    return f"ALTER ROLE {names.debezium_role} WITH LOGIN REPLICATION;"


def schemas(names: Names, tables: Sequence[Table]) -> tuple[str, ...]:
    """The schemas that the role must be able to look into."""
    return tuple(dict.fromkeys(table.partition(".")[0] for table in publication_tables(names, tables)))


def grant_connect(names: Names) -> str:
    """Lets the role into the database."""
    return f"GRANT CONNECT ON DATABASE {names.database} TO {names.debezium_role};"


def grant_usage(names: Names, schema: str) -> str:
    """Lets the role look into a schema."""
    return f"GRANT USAGE ON SCHEMA {schema} TO {names.debezium_role};"


def grant_select(names: Names, table: str) -> str:
    """Lets the role read a table, for the first snapshot."""
    return f"GRANT SELECT ON {table} TO {names.debezium_role};"


def create_publication(names: Names, tables: Sequence[Table]) -> str:
    """The publication with all its tables, in one statement."""
    listed = ", ".join(publication_tables(names, tables))
    return f"CREATE PUBLICATION {names.publication} FOR TABLE {listed} WITH (publish_via_partition_root = true);"


def set_published(names: Names) -> str:
    """Makes the publication tell every kind of change; changes of a partition go by the name of the table it is part of."""
    return f"ALTER PUBLICATION {names.publication} SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);"


def _identities(table: str) -> str:
    """The replica identity of a table and of each of its partitions, where it is not FULL yet: the statement waits for a lock."""
    return (
        "SELECT format('ALTER TABLE %s REPLICA IDENTITY FULL', oid::regclass) FROM pg_class\n"
        f"WHERE relreplident <> 'f' AND (oid = '{table}'::regclass OR oid IN (SELECT relid FROM pg_partition_tree('{table}')))\n"
        "ORDER BY oid \\gexec\n"
    )


def _silent(names: Names) -> str:
    """SQL that is true when the publication leaves out a kind of change, or names partitions."""
    told = "pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot"
    return f"EXISTS (SELECT FROM pg_publication WHERE pubname = '{names.publication}' AND NOT ({told}))"


def _heartbeat_apart(names: Names) -> bool:
    return not names.heartbeat_table.startswith("public.")


def _header(names: Names, host: str, port: int, *, catalog: bool) -> str:
    connection = f"host={host} port={port} dbname={names.database} user=<administrator> sslmode=verify-full sslrootcert=<file>"
    roles = [names.debezium_role, *([names.catalog_role] if catalog else [])]
    passwords = "".join(f"--   psql \"{connection}\" --command='\\password {role}'\n" for role in roles)
    return f"""\
-- Makes the database {names.database} ready for change data capture. It may be run again: what is right already is left alone.
-- Run it as a superuser, or on RDS and Aurora as the master user, who must own the tables or be a member of the roles that do:
--   psql "{connection}" --file=<this file>
-- Then give each role its password; psql asks for it and sends only a hash:
{passwords}\
\\set ON_ERROR_STOP on
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_superuser') AS managed \\gset

"""


def _server(names: Names, wal_keep_mib: int) -> str:
    own, managed = [], []
    for parameter in parameters(names, wal_keep_mib):
        own.append(when(parameter.wrong, f"ALTER SYSTEM SET {parameter.name} = '{parameter.value}'"))
        note = " (reboot)" if parameter.restart else ""
        managed.append(f"SELECT '  {parameter.rds}{note}' AS \"set in the parameter group:\" WHERE {parameter.wrong};\n")
    return (
        "-- 1. The server. What is set by ALTER SYSTEM takes effect at a reload (done here) or at a restart (yours to choose); RDS and\n"
        "--    Aurora take it from the parameter group, and this shows what is missing there.\n"
        "\\if :managed\n" + "".join(managed) + "\\else\n" + "".join(own) + "SELECT pg_reload_conf();\n"
        'SELECT name AS "waits for a restart:" FROM pg_settings WHERE pending_restart;\n\\endif\n\n'
    )


def _role(names: Names) -> str:
    absent = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{names.debezium_role}')"
    return (
        "-- 2. The role that reads changes: it may replicate, look at the captured tables, and write one table of its own.\n"
        + when(absent, create_role(names))
        + f"\\if :managed\n{allow_replication(names, managed=True)}\n\\else\n{allow_replication(names, managed=False)}\n\\endif\n\n"
    )


def script(names: Names, tables: Sequence[Table], host: str, port: int, wal_keep_mib: int, *, catalog: bool = False) -> str:
    """The whole, for psql.

    Args:
        names: The pipeline's names.
        tables: The captured tables.
        host: The server's name.
        port: Its TCP port.
        wal_keep_mib: The most write-ahead log, in MiB, that a slot may hold back before it is given up.
        catalog: Whether the Iceberg catalog lives in this server, in a database and a role of its own.
    """
    return "".join(
        [
            _header(names, host, port, catalog=catalog),
            _server(names, wal_keep_mib),
            _role(names),
            "-- 3. In one transaction, which gives up after five seconds if somebody holds a table: then run it again.\n",
            "BEGIN;\nSET LOCAL lock_timeout = '5s';\n",
            f"{grant_connect(names)}\n",
            *(f"{grant_usage(names, schema)}\n" for schema in schemas(names, tables)),
            *(f"{grant_select(names, table.qualified)}\n" for table in tables),
            *([f"CREATE SCHEMA IF NOT EXISTS {names.heartbeat_table.partition('.')[0]};\n"] if _heartbeat_apart(names) else []),
            "-- Written at every heartbeat, so that the slot moves on while only other tables are written.\n",
            f"{create_heartbeat(names)}\n{grant_heartbeat(names)}\n",
            "-- The whole old row of an update or a delete goes into the log.\n",
            *(_identities(table.qualified) for table in tables),
            "-- Exactly these tables; the heartbeat table must be one of them.\n",
            publication_sql(names),
            f"{set_publication_tables(names, tables)}\n",
            when(_silent(names), set_published(names)),
            "COMMIT;\n",
            *(["\n", catalog_sql.script(names)] if catalog else []),
        ]
    )
