"""The SQL of an Iceberg catalog in a database server that was there before: a role and a database of its own, without a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specification.source.sql import when

if TYPE_CHECKING:
    from settings.names import Names


def create_role(names: Names) -> str:
    """The role by which worker and program keep the list of tables, still without a password."""
    return f"CREATE ROLE {names.catalog_role} LOGIN;"


def allow_login(names: Names) -> str:
    """Lets the role log in."""
    return f"ALTER ROLE {names.catalog_role} LOGIN;"


def join_role(names: Names) -> str:
    """Makes the administrator a member of the role: only a superuser may give a database away to others."""
    return f"GRANT {names.catalog_role} TO CURRENT_USER;"


def create_database(names: Names) -> str:
    """The catalog's database."""
    return f"CREATE DATABASE {names.catalog_database} OWNER {names.catalog_role};"


def own_database(names: Names) -> str:
    """Gives the database to the role, which makes its own tables there."""
    return f"ALTER DATABASE {names.catalog_database} OWNER TO {names.catalog_role};"


def keep_out(names: Names) -> str:
    """Keeps everybody else out of the database."""
    return f"REVOKE ALL ON DATABASE {names.catalog_database} FROM PUBLIC;"


def allow_connect(names: Names) -> str:
    """Lets the role into the database."""
    return f"GRANT CONNECT ON DATABASE {names.catalog_database} TO {names.catalog_role};"


def script(names: Names) -> str:
    """All of it for psql, outside a transaction; what is right already is left alone.

    Its variable ``managed`` says whether AWS runs the server, where the administrator is no superuser.
    """
    role, database = f"FROM pg_roles WHERE rolname = '{names.catalog_role}'", f"FROM pg_database WHERE datname = '{names.catalog_database}'"
    allowed = "has_database_privilege('{}', '" + names.catalog_database + "', 'CONNECT')"
    return "".join(
        [
            "-- 4. The Iceberg catalog: a role, and a database of its own that nobody else is let into. No transaction may hold this.\n",
            when(f"NOT EXISTS (SELECT {role})", create_role(names)),
            when(f"EXISTS (SELECT {role} AND NOT rolcanlogin)", allow_login(names)),
            f"\\if :managed\n{join_role(names)}\n\\endif\n",
            when(f"NOT EXISTS (SELECT {database})", create_database(names)),
            when(f"EXISTS (SELECT {database} AND datdba <> '{names.catalog_role}'::regrole)", own_database(names)),
            when(allowed.format("public"), keep_out(names)),
            when(f"NOT {allowed.format(names.catalog_role)}", allow_connect(names)),
        ]
    )
