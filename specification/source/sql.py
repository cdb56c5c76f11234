"""The database's SQL: schema, roles and publication, written so that running it again changes nothing that is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings.names import Names
    from settings.tables import Table

_SILENT = "SET log_statement = 'none';\nSET log_min_error_statement = 'panic';\nSET log_min_duration_statement = -1;\n"


def when(condition: str, statement: str) -> str:
    """A statement that psql runs only when a condition holds, also one that no transaction may hold."""
    return f"SELECT '{statement.rstrip(';').replace(chr(39), chr(39) * 2)}' WHERE {condition} \\gexec\n"


def _role(name: str, attributes: str, password_file: str | None) -> str:
    """A role made if absent and brought to its attributes; the password is read inside the pod and never logged."""
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


def roles_sql(names: Names, secrets: str, *, catalog: bool) -> str:
    """Roles and databases; run as superuser in database ``postgres``.

    Args:
        names: The pipeline's names.
        secrets: Folder inside the pod with one file per role, holding its password.
        catalog: Whether the Iceberg catalog lives here, in a database and a role of its own.
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
    return "".join(statements)


def replica_identity(table: str) -> str:
    """Writes the whole old row into the log, so that a deleted row can be archived."""
    return f"ALTER TABLE {table} REPLICA IDENTITY FULL;"


def table_sql(table: Table) -> str:
    """One captured table: made if absent, extended by new columns, with its whole old row in the log (REPLICA IDENTITY FULL)."""
    columns = ",\n  ".join(column.definition for column in table.columns)
    statements = [f"CREATE TABLE IF NOT EXISTS {table.qualified} (\n  {columns},\n  PRIMARY KEY ({', '.join(table.primary_key)})\n);"]
    statements += [f"ALTER TABLE {table.qualified} ADD COLUMN IF NOT EXISTS {column.definition};" for column in table.columns]
    statements.append(replica_identity(table.qualified))
    if table.touches_updated_at:
        statements.append(
            f"CREATE OR REPLACE TRIGGER touch_updated_at BEFORE UPDATE ON {table.qualified}\n"
            "  FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at();"
        )
    return "\n".join(statements) + "\n"


def publication_tables(names: Names, tables: Sequence[Table]) -> list[str]:
    """What the publication holds: the captured tables and the heartbeat table, without which a quiet database never moves its slot."""
    return [*(table.qualified for table in tables), names.heartbeat_table]


_TOUCH = """\
CREATE OR REPLACE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at = now();
  RETURN NEW;
END
$$;
"""


def publication_sql(names: Names) -> str:
    """A publication made if absent, still without tables, for psql."""
    absent = f"NOT EXISTS (SELECT FROM pg_publication WHERE pubname = '{names.publication}')"
    return when(absent, f"CREATE PUBLICATION {names.publication}")


def set_publication_tables(names: Names, tables: Sequence[Table]) -> str:
    """Makes the publication hold exactly the captured tables and the heartbeat table, without row filters or column lists."""
    return f"ALTER PUBLICATION {names.publication} SET TABLE {', '.join(publication_tables(names, tables))};"


def create_heartbeat(names: Names) -> str:
    """The table by which the slot of a quiet database moves on."""
    return f"CREATE TABLE IF NOT EXISTS {names.heartbeat_table} (id integer PRIMARY KEY, ts timestamptz NOT NULL DEFAULT now());"


def grant_heartbeat(names: Names) -> str:
    """Lets the role write that table, and nothing else."""
    return f"GRANT SELECT, INSERT, UPDATE ON {names.heartbeat_table} TO {names.debezium_role};"


def schema_sql(names: Names, tables: Sequence[Table]) -> str:
    """Tables, grants and publication; run as superuser in the captured database, acting as the owner role."""
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
            "COMMIT;\n",
        ]
    )


def heartbeat_query(names: Names) -> str:
    """What Debezium runs at each heartbeat, so that its slot moves on while only other tables are written."""
    return f"INSERT INTO {names.heartbeat_table} (id, ts) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET ts = EXCLUDED.ts"


def drop_slot_by_hand(names: Names) -> str:
    """What to do about the slot when the connector could not drop it."""
    return (
        f"In database {names.database}, as a role with REPLICATION: SELECT pg_drop_replication_slot(slot_name) "
        f"FROM pg_replication_slots WHERE slot_name = '{names.slot}' AND NOT active; until then it holds back the write-ahead log"
    )
