"""SQL of the database: schema, roles and publication; repeatable, correct objects remain unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.names import Names
    from stack.settings.tables import Table

_SILENT = "SET log_statement = 'none';\nSET log_min_error_statement = 'panic';\nSET log_min_duration_statement = -1;\n"


def when(condition: str, statement: str) -> str:
    """Return a statement that psql runs only under a condition; suits statements that cannot run in a transaction block."""
    return f"SELECT '{statement.rstrip(';').replace(chr(39), chr(39) * 2)}' WHERE {condition} \\gexec\n"


def _role(name: str, attributes: str, password_file: str | None) -> str:
    """Return SQL that creates a role if absent and sets its attributes; the password is read inside the pod and never logged."""
    lines = [
        when(f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')", f"CREATE ROLE {name}").rstrip(),
        f"ALTER ROLE {name} WITH {attributes};",
    ]
    if password_file:
        lines += [f"\\set secret `cat {password_file}`", f"ALTER ROLE {name} PASSWORD :'secret';", "\\unset secret"]
    return "\n".join(lines) + "\n"


def _database(name: str, owner: str) -> str:
    return (
        when(f"NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}')", f"CREATE DATABASE {name} OWNER {owner}")
        + f"REVOKE ALL ON DATABASE {name} FROM PUBLIC;\n"
    )


def roles_sql(names: Names, secrets: str, *, catalog: bool, is_read: bool = False, is_watched: bool = False) -> str:
    """Return the SQL of roles and databases; run as superuser in database ``postgres``.

    Args:
        names: Names of the pipeline.
        secrets: Folder inside the pod with one password file per role.
        catalog: Whether the Iceberg catalog is in this server, with a separate database and role.
        is_read: Whether the audit and the monitoring have a role: it may replicate, which shows it every published change, and read the
            catalog.
        is_watched: Whether that role may read the server's own figures too.
    """
    statements = [
        "\\set ON_ERROR_STOP on\n",
        _SILENT,
        _role(names.owner_role, "NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE", None),
        _role(names.app_role, "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION", f"{secrets}/app"),
        _role(names.debezium_role, "LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE", f"{secrets}/debezium"),
        _database(names.database, names.owner_role),
        f"GRANT CONNECT ON DATABASE {names.database} TO {names.app_role}, {names.debezium_role};\n",
    ]
    if catalog:
        statements += [
            _role(names.catalog_role, "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION", f"{secrets}/catalog"),
            _database(names.catalog_database, names.catalog_role),
        ]
    if is_read:
        statements += [
            _role(names.audit_role, "LOGIN REPLICATION NOSUPERUSER NOCREATEDB NOCREATEROLE", f"{secrets}/audit"),
            f"GRANT CONNECT ON DATABASE {names.database} TO {names.audit_role};\n",
        ]
    if is_watched:
        statements.append(f"GRANT pg_monitor TO {names.audit_role};\n")
    if is_read and catalog:
        statements += _read_catalog(names)
    return "".join(statements)


def _read_catalog(names: Names) -> list[str]:
    """Return SQL by which the reading role may read the catalog's tables, also those that the catalog's role creates later."""
    return [
        f"GRANT CONNECT ON DATABASE {names.catalog_database} TO {names.audit_role};\n",
        f"\\connect {names.catalog_database}\n",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {names.audit_role};\n",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {names.catalog_role} IN SCHEMA public GRANT SELECT ON TABLES TO {names.audit_role};\n",
    ]


def replica_identity(table: str) -> str:
    """Return the statement that writes the whole old row of a table, named as in SQL, into the log: a deleted row can be archived."""
    return f"ALTER TABLE {table} REPLICA IDENTITY FULL;"


def table_sql(table: Table) -> str:
    """Return SQL that creates a captured table if absent, adds new columns and sets REPLICA IDENTITY FULL."""
    columns = ",\n  ".join(column.definition for column in table.columns)
    statements = [f"CREATE TABLE IF NOT EXISTS {table.qualified} (\n  {columns},\n  PRIMARY KEY ({', '.join(table.primary_key)})\n);"]
    statements += [f"ALTER TABLE {table.qualified} ADD COLUMN IF NOT EXISTS {column.definition};" for column in table.columns]
    statements.append(replica_identity(table.qualified))
    if table.touches_updated_at:
        statements.append(
            f"CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {table.qualified}\n"
            "  FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();"
        )
    if table.keeps_updated_at:
        # from before the trigger's rule for types: it would stop every UPDATE
        statements.append(f"DROP TRIGGER IF EXISTS touch_updated_at ON {table.qualified};")
    return "\n".join(statements) + "\n"


def publication_tables(names: Names, tables: Sequence[Table]) -> list[str]:
    """Return the publication's tables, as the database names them: the captured ones, and the heartbeat table.

    Without the heartbeat table, a quiet database never moves its slot.
    """
    return [*(table.in_database for table in tables), names.heartbeat_table]


def published_list(names: Names, tables: Sequence[Table]) -> str:
    """Return the publication's tables for SQL, each without the tables that inherit from it.

    Published without a replica identity, a child would refuse the application's UPDATE and DELETE. ``ONLY`` does not change what a
    partitioned table publishes: its partitions never stand in the list.
    """
    return ", ".join(f"ONLY {table}" for table in [*(table.sql for table in tables), names.heartbeat_table])


_TOUCH = """\
CREATE OR REPLACE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;
"""


def publication_sql(names: Names) -> str:
    """Return SQL for psql that creates the publication if absent, without tables."""
    absent = f"NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '{names.publication}')"
    return when(absent, f"CREATE PUBLICATION {names.publication}")


def set_publication_tables(names: Names, tables: Sequence[Table]) -> str:
    """Return the statement that sets the publication's tables exactly, without row filters or column lists."""
    return f"ALTER PUBLICATION {names.publication} SET TABLE {published_list(names, tables)};"


def create_heartbeat(names: Names) -> str:
    """Return the statement that creates the heartbeat table, whose writes advance the slot of a quiet database."""
    return f"CREATE TABLE IF NOT EXISTS {names.heartbeat_table} (id integer PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now());"


def grant_heartbeat(names: Names) -> str:
    """Return the statement that allows Debezium's role to write the heartbeat table."""
    return f"GRANT SELECT, INSERT, UPDATE ON {names.heartbeat_table} TO {names.debezium_role};"


def _read_heartbeat(names: Names) -> str:
    return f"GRANT USAGE ON SCHEMA public TO {names.audit_role};\nGRANT SELECT ON {names.heartbeat_table} TO {names.audit_role};"


def schema_sql(names: Names, tables: Sequence[Table], *, is_watched: bool = False) -> str:
    """Return the SQL of tables, grants and publication; run as superuser in the captured database, acting as the owner role.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        is_watched: Whether the reading role may see the heartbeat's time.
    """
    captured = ", ".join(table.qualified for table in tables)
    return "".join(
        [
            "\\set ON_ERROR_STOP on\n",
            "BEGIN;\n",
            f"GRANT CREATE ON DATABASE {names.database} TO {names.owner_role};\n",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {names.owner_role};\n",
            f"SET ROLE {names.owner_role};\n",
            _TOUCH,
            *(table_sql(table) for table in tables),
            f"{create_heartbeat(names)}\n",
            publication_sql(names),
            f"{set_publication_tables(names, tables)}\n",
            "RESET ROLE;\n",
            f"GRANT USAGE ON SCHEMA public TO {names.app_role}, {names.debezium_role};\n",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {captured} TO {names.app_role};\n",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {names.app_role};\n",
            f"GRANT SELECT ON {captured} TO {names.debezium_role};\n",
            f"{grant_heartbeat(names)}\n",
            *([f"{_read_heartbeat(names)}\n"] if is_watched else []),
            "COMMIT;\n",
        ]
    )


def heartbeat_query(names: Names) -> str:
    """Return Debezium's statement for each heartbeat, which advances its slot while only other tables are written."""
    return f"INSERT INTO {names.heartbeat_table} (id, ts) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET ts = EXCLUDED.ts"


def drop_former_slots(names: Names) -> str | None:
    """Return the statement that drops the slots of earlier epochs, or None in the first one.

    The source of a new epoch sends it: where the brokers were lost, nothing is left that knows the old slot.
    """
    slots = ", ".join(f"'{slot}'" for slot in names.former_slots)
    where = f"WHERE slot_name IN ({slots}) AND NOT active"
    return f"SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots {where}" if slots else None


def drop_slot_by_hand(names: Names) -> str:
    """Return the instruction for dropping the slot by hand, if the connector could not drop it."""
    return (
        f"In database {names.database}, as a role with REPLICATION: SELECT pg_drop_replication_slot(slot_name) "
        f"FROM pg_replication_slots WHERE slot_name = '{names.current_slot}' AND NOT active; until then it holds back the write-ahead log"
    )
