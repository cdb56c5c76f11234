"""SQL for an Iceberg catalog in an existing database server: a role and a database for it, without a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.source.sql import when

if TYPE_CHECKING:
    from stack.settings.names import Names


def create_role(names: Names) -> str:
    """Return the statement that creates the catalog's role, without a password."""
    return f"CREATE ROLE {names.catalog_role} LOGIN;"


def allow_login(names: Names) -> str:
    """Return the statement that allows the role to log in."""
    return f"ALTER ROLE {names.catalog_role} LOGIN;"


def join_role(names: Names) -> str:
    """Return the statement that makes the administrator a member of the role: otherwise only a superuser may give it a database."""
    return f"GRANT {names.catalog_role} TO CURRENT_USER;"


def create_database(names: Names) -> str:
    """Return the statement that creates the catalog's database."""
    return f"CREATE DATABASE {names.catalog_database} OWNER {names.catalog_role};"


def own_database(names: Names) -> str:
    """Return the statement that makes the role the owner of the database, in which it creates its tables."""
    return f"ALTER DATABASE {names.catalog_database} OWNER TO {names.catalog_role};"


def keep_out(names: Names) -> str:
    """Return the statement that denies all other roles access to the database."""
    return f"REVOKE ALL ON DATABASE {names.catalog_database} FROM PUBLIC;"


def allow_connect(names: Names) -> str:
    """Return the statement that allows the role to connect to the database."""
    return f"GRANT CONNECT ON DATABASE {names.catalog_database} TO {names.catalog_role};"


def script(names: Names) -> str:
    """Return the whole script for psql, outside a transaction; correct objects remain unchanged."""
    role, database = f"FROM pg_roles WHERE rolname = '{names.catalog_role}'", f"FROM pg_database WHERE datname = '{names.catalog_database}'"
    allowed = "has_database_privilege('{}', '" + names.catalog_database + "', 'CONNECT')"
    return "".join(
        [
            "-- 4. The Iceberg catalog: a role, and a database of its own that nobody else is let into. No transaction may hold this.\n",
            when(f"NOT EXISTS (SELECT {role})", create_role(names)),
            when(f"EXISTS (SELECT {role} AND NOT rolcanlogin)", allow_login(names)),
            when("NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)", join_role(names)),
            when(f"NOT EXISTS (SELECT {database})", create_database(names)),
            when(f"EXISTS (SELECT {database} AND datdba <> '{names.catalog_role}'::regrole)", own_database(names)),
            when(allowed.format("public"), keep_out(names)),
            when(f"NOT {allowed.format(names.catalog_role)}", allow_connect(names)),
        ]
    )
