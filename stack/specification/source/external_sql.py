"""SQL for the administrator of an existing database: prepares it for capture.

Each statement is a function, so that a check can name the exact statement for a missing object. The text contains no secret; the role
cannot log in until the administrator sets its password with psql's own command, which sends only a hash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.sql_names import text_literal
from stack.specification.source import catalog_sql, server_parameters
from stack.specification.source.sql import (
    create_heartbeat,
    grant_heartbeat,
    publication_sql,
    publication_tables,
    published_list,
    set_publication_tables,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.names import Names
    from stack.settings.tables import Table


def create_role(names: Names) -> str:
    """Return the statement that creates Debezium's role, without a password."""
    return f"CREATE ROLE {names.debezium_role} LOGIN;"


def allow_replication(names: Names, *, managed: bool) -> str:
    """Return the statement that allows the role to use a replication slot; RDS and Aurora require a membership for it."""
    if managed:
        return f"GRANT rds_replication TO {names.debezium_role};"
    return f"ALTER ROLE {names.debezium_role} WITH LOGIN REPLICATION;"


def schemas(names: Names, tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the schemas that the role must be able to use."""
    return tuple(dict.fromkeys(table.partition(".")[0] for table in publication_tables(names, tables)))


def grant_connect(names: Names) -> str:
    """Return the statement that allows the role to connect to the database."""
    return f"GRANT CONNECT ON DATABASE {names.database} TO {names.debezium_role};"


def grant_usage(names: Names, schema: str) -> str:
    """Return the statement that allows the role to use a schema."""
    return f"GRANT USAGE ON SCHEMA {schema} TO {names.debezium_role};"


def grant_select(names: Names, table: str) -> str:
    """Return the statement that allows the role to read a table, named as in SQL, for the initial snapshot."""
    return f"GRANT SELECT ON {table} TO {names.debezium_role};"


def create_publication(names: Names, tables: Sequence[Table]) -> str:
    """Return the statement that creates the publication with all its tables."""
    listed = published_list(names, tables)
    return f"CREATE PUBLICATION {names.publication} FOR TABLE {listed} WITH (publish_via_partition_root = true);"


def set_published(names: Names) -> str:
    """Return the statement that publishes every kind of change; changes of a partition appear under its partitioned table."""
    return f"ALTER PUBLICATION {names.publication} SET (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);"


def _identities(table: str) -> str:
    """Return SQL that sets replica identity FULL of a table and its partitions, if not set yet: the statement waits for a lock."""
    name = text_literal(table)
    return (
        "SELECT format('ALTER TABLE %s REPLICA IDENTITY FULL', oid::regclass) FROM pg_class\n"
        f"WHERE relreplident <> 'f' AND (oid = {name}::regclass OR oid IN (SELECT relid FROM pg_partition_tree({name})))\n"
        "ORDER BY oid \\gexec\n"
    )


def _silent(names: Names) -> str:
    """Return a SQL condition that is true if the publication omits a kind of change or names partitions."""
    complete = "pubinsert AND pubupdate AND pubdelete AND pubtruncate AND pubviaroot"
    return f"EXISTS (SELECT FROM pg_publication WHERE pubname = '{names.publication}' AND NOT ({complete}))"


def _heartbeat_apart(names: Names) -> bool:
    return not names.heartbeat_table.startswith("public.")


def _header(names: Names, host: str, port: int, *, catalog: bool) -> str:
    connection = f"host={host} port={port} dbname={names.database} user=<administrator> sslmode=verify-full sslrootcert=<file>"
    roles = [names.debezium_role, *([names.catalog_role] if catalog else [])]
    passwords = "".join(f"--   psql \"{connection}\" --command='\\password {role}'\n" for role in roles)
    return f"""\
-- Makes the database {names.database} ready for change data capture. It may be run again: what is right already is left alone.
-- Run it as a superuser, or as the administrator that a provider gives you (on RDS and Aurora the master user): who may create roles,
-- may CREATE in the database and the schema of the heartbeat table, and owns the tables or is a member of the roles that do.
--   psql "{connection}" --file=<this file>
-- Then give each role its password; psql asks for it and sends only a hash:
{passwords}\
\\set ON_ERROR_STOP on
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_superuser') AS managed, rolsuper AS superuser
FROM pg_roles WHERE rolname = current_user \\gset

"""


def _role(names: Names) -> str:
    absent = f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{names.debezium_role}')"
    return (
        "-- 2. The role that reads changes: it may replicate, look at the captured tables, and write one table of its own.\n"
        + when(absent, create_role(names))
        + f"\\if :managed\n{allow_replication(names, managed=True)}\n"
        + f"\\elif :superuser\n{allow_replication(names, managed=False)}\n"
        + f"\\else\n{_try_replication(names)}\\endif\n\n"
    )


def _try_replication(names: Names) -> str:
    """Return SQL that allows replication as far as the administrator may: some providers let theirs, PostgreSQL 15 only a superuser."""
    role = names.debezium_role
    return (
        f"SELECT rolcanlogin AND rolreplication AS replicates FROM pg_roles WHERE rolname = '{role}' \\gset\n"
        "\\if :replicates\n\\else\n"
        f"DO $$ BEGIN {allow_replication(names, managed=False)}\n"
        "EXCEPTION WHEN insufficient_privilege THEN\n"
        f"  RAISE WARNING '{role} lacks REPLICATION, which % may not give: allow it in the provider''s console', current_user;\n"
        "END $$;\n\\endif\n"
    )


def script(names: Names, tables: Sequence[Table], host: str, port: int, wal_keep_mib: int, *, catalog: bool = False) -> str:
    """Return the whole script for psql.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        host: Host name of the server.
        port: TCP port of the server.
        wal_keep_mib: Maximum write-ahead log, in MiB, that a slot may hold back before PostgreSQL invalidates it.
        catalog: Whether the Iceberg catalog is in this server, with a separate database and role.
    """
    return "".join(
        [
            _header(names, host, port, catalog=catalog),
            server_parameters.script(names, wal_keep_mib),
            _role(names),
            "-- 3. In one transaction, which gives up after five seconds if somebody holds a table: then run it again.\n",
            "BEGIN;\nSET LOCAL lock_timeout = '5s';\n",
            f"{grant_connect(names)}\n",
            *(f"{grant_usage(names, schema)}\n" for schema in schemas(names, tables)),
            *(f"{grant_select(names, table.sql)}\n" for table in tables),
            *([f"CREATE SCHEMA IF NOT EXISTS {names.heartbeat_table.partition('.')[0]};\n"] if _heartbeat_apart(names) else []),
            "-- Written at every heartbeat, so that the slot moves on while only other tables are written.\n",
            f"{create_heartbeat(names)}\n{grant_heartbeat(names)}\n",
            "-- The whole old row of an update or a delete goes into the log.\n",
            *(_identities(table.sql) for table in tables),
            "-- Exactly these tables; the heartbeat table must be one of them.\n",
            publication_sql(names),
            f"{set_publication_tables(names, tables)}\n",
            when(_silent(names), set_published(names)),
            "COMMIT;\n",
            *(["\n", catalog_sql.script(names)] if catalog else []),
        ]
    )
