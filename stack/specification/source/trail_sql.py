"""SQL of the database's trail: pgaudit, which writes who changed or read what; repeatable, and away again where a stack has no trail.

Programs are not people: the application's writes are its work, and whoever it acts for only it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.source.sql import when

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stack.settings.names import Names

EXTENSION = "pgaudit"
# What is written of a program's role: no rows, and no reading.
_OF_PROGRAMS = {f"{EXTENSION}.log": "ddl, role", f"{EXTENSION}.role": ""}


def trail_sql(names: Names, reads_of: Iterable[str], *, catalog: bool) -> str:
    """Return the SQL that begins the trail; run as superuser in the captured database, whose tables exist.

    Args:
        names: Names of the pipeline.
        reads_of: Tables, as SQL names them, of which the trail has each reading too.
        catalog: Whether the Iceberg catalog is in this server, with a role of its own.
    """
    read = ", ".join(reads_of)
    return "".join(
        [
            "\\set ON_ERROR_STOP on\n",
            # its triggers tell the names of the objects that a statement creates, changes or drops
            f"CREATE EXTENSION IF NOT EXISTS {EXTENSION};\n",
            when(f"NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{names.trail_role}')", f"CREATE ROLE {names.trail_role} NOLOGIN"),
            "BEGIN;\n",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {names.trail_role};\n",
            *([f"GRANT SELECT ON {read} TO {names.trail_role};\n"] if read else []),
            *(
                f"ALTER ROLE {role} SET {parameter} = '{value}';\n"
                for role in _programs(names, catalog=catalog)
                for parameter, value in _OF_PROGRAMS.items()
            ),
            "COMMIT;\n",
        ]
    )


def no_trail_sql(names: Names, *, catalog: bool) -> str:
    """Return the SQL that ends an earlier trail; run as superuser in the captured database, before any other change of a table.

    Where the server does not load the extension, its triggers would refuse each such change.

    Args:
        names: Names of the pipeline.
        catalog: Whether the Iceberg catalog is in this server.
    """
    exists = f"EXISTS (SELECT FROM pg_roles WHERE rolname = '{names.trail_role}')"
    return "".join(
        [
            "\\set ON_ERROR_STOP on\n",
            "SET event_triggers = off;\n",
            f"DROP EXTENSION IF EXISTS {EXTENSION};\n",
            *(f"ALTER ROLE {role} RESET {parameter};\n" for role in _programs(names, catalog=catalog) for parameter in _OF_PROGRAMS),
            when(exists, f"DROP OWNED BY {names.trail_role}"),
            when(exists, f"DROP ROLE {names.trail_role}"),
        ]
    )


def _programs(names: Names, *, catalog: bool) -> tuple[str, ...]:
    return (names.app_role, names.debezium_role, *((names.catalog_role,) if catalog else ()))
