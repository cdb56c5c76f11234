"""Settings that a server, a database or a role gives to each session of the pipeline's roles."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from pipeline.existing_database.connection import parameters
from pipeline.existing_database.facts import SessionSetting

if TYPE_CHECKING:
    from pipeline.existing_database.target import Target

NAMES: Final = (
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "row_security",
    "search_path",
    "statement_timeout",
    "transaction_timeout",
)

# In the server's own order: of several settings, the one nearest to role and database holds
_GIVEN: Final = """
SELECT wanted.role, split_part(entry, '=', 1), substr(entry, strpos(entry, '=') + 1),
  CASE WHEN s.setrole <> 0 AND s.setdatabase <> 0 THEN 'role and database' WHEN s.setrole <> 0 THEN 'role'
       WHEN s.setdatabase <> 0 THEN 'database' ELSE 'all roles' END
FROM unnest(%(roles)s::text[], %(databases)s::text[]) AS wanted (role, database)
  LEFT JOIN pg_catalog.pg_roles r ON r.rolname = wanted.role LEFT JOIN pg_catalog.pg_database d ON d.datname = wanted.database
  JOIN pg_catalog.pg_db_role_setting s ON s.setrole IN (0, r.oid) AND s.setdatabase IN (0, d.oid)
  CROSS JOIN LATERAL unnest(s.setconfig) AS entry
WHERE split_part(entry, '=', 1) = ANY(%(names)s)
ORDER BY s.setrole = 0, s.setdatabase = 0
"""
# Of the server itself: what this login has from no role and no database
_OF_THE_SERVER: Final = """
SELECT name, reset_val FROM pg_catalog.pg_settings
WHERE name = ANY(%(names)s) AND source NOT IN ('database', 'user', 'database user', 'client')
"""


def look(connection: Any, target: Target) -> dict[str, tuple[SessionSetting, ...]]:  # noqa: ANN401 - of any row type
    """Return role to the settings of its sessions in its database; of the catalog's role too, where the target has one.

    Args:
        connection: Connection to the database.
        target: The database, with the names of its roles.
    """
    names = target.names
    places = {names.debezium_role: names.database, **({names.catalog_role: names.catalog_database} if target.catalog else {})}
    given = {"roles": list(places), "databases": list(places.values()), "names": list(NAMES)}
    found: dict[str, dict[str, SessionSetting]] = {role: {} for role in places}
    for role, name, value, scope in connection.execute(_GIVEN, given).fetchall():
        found[role].setdefault(name, SessionSetting(name=name, value=value, scope=scope))
    for name, value in _of_the_server(target):
        for settings in found.values():
            settings.setdefault(name, SessionSetting(name=name, value=value, scope="server"))
    return {role: tuple(settings[name] for name in sorted(settings)) for role, settings in found.items()}


def _of_the_server(target: Target) -> list[tuple[Any, ...]]:
    """Ask in a session of its own: the checks' session overrides some of these settings."""
    import psycopg  # noqa: PLC0415 - takes a third of a second to load; needed for a database only

    given: dict[str, Any] = {**parameters(target, os.environ), "options": ""}
    try:
        with psycopg.connect(**given, autocommit=True) as connection:
            return connection.execute(_OF_THE_SERVER, {"names": list(NAMES)}).fetchall()
    except psycopg.OperationalError:  # no further connection is free
        return []
