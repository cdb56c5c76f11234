"""Reads PostgreSQL's system catalogue. Read-only; never touches captured tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import Refused
from pipeline.existing_database import session_settings
from pipeline.existing_database.columns import seen_columns
from pipeline.existing_database.connection import connect
from pipeline.existing_database.facts import Catalog, Database, Publication, Role, SeenTable, Server, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.existing_database.target import Target

_PARAMETERS: Final = (
    *("wal_level", "max_replication_slots", "max_wal_senders", "max_slot_wal_keep_size", "wal_sender_timeout"),
    "idle_replication_slot_timeout",
)
_FILTERS_SINCE: Final = 150000

_SERVER: Final = """
SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
  coalesce((SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), ''),
  EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_superuser'), pg_catalog.pg_is_in_recovery(),
  (SELECT count(*)::int FROM pg_catalog.pg_stat_replication
   WHERE pid IS DISTINCT FROM (SELECT active_pid FROM pg_catalog.pg_replication_slots WHERE slot_name = %s)),
  pg_catalog.pg_backend_pid()
"""
_SLOTS: Final = """
SELECT slot_name::text, coalesce(plugin::text, ''), coalesce(database::text, ''), active,
  coalesce((SELECT concat_ws(' ', client_addr::text, application_name) FROM pg_catalog.pg_stat_replication WHERE pid = active_pid), ''),
  coalesce(wal_status, ''),
  coalesce(CASE WHEN pg_is_in_recovery() THEN 0 ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END, 0)::bigint
FROM pg_catalog.pg_replication_slots ORDER BY slot_name
"""
_ROLE: Final = """
SELECT rolcanlogin, rolreplication OR EXISTS (
    SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication' AND pg_has_role(r.oid, oid, 'member')),
  rolsuper, rolbypassrls, has_database_privilege(r.oid, current_database(), 'CONNECT'),
  ARRAY(SELECT nspname::text FROM pg_catalog.pg_namespace WHERE has_schema_privilege(r.oid, oid, 'USAGE')),
  ARRAY(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND has_table_privilege(r.oid, c.oid, 'SELECT')),
  coalesce((SELECT bool_and(has_table_privilege(r.oid, to_regclass(%(heartbeat)s), right_)) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE'])
            AS wanted (right_) WHERE to_regclass(%(heartbeat)s) IS NOT NULL), false)
FROM pg_catalog.pg_roles r WHERE rolname = %(role)s
"""
_CATALOG: Final = """
SELECT r.oid IS NOT NULL, coalesce(r.rolcanlogin, false), coalesce(d.datdba::regrole::text, ''),
  coalesce(has_database_privilege(r.oid, d.oid, 'CONNECT'), false)
FROM (VALUES (%(role)s, %(database)s)) AS wanted (role, database)
  LEFT JOIN pg_catalog.pg_roles r ON rolname = wanted.role LEFT JOIN pg_catalog.pg_database d ON datname = wanted.database
"""
_PUBLICATION: Final = """
SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot,
  ARRAY(SELECT schemaname || '.' || tablename FROM pg_catalog.pg_publication_tables t WHERE t.pubname = p.pubname)
FROM pg_catalog.pg_publication p WHERE pubname = %s
"""
_FILTERED: Final = """
SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
  JOIN pg_catalog.pg_class c ON c.oid = r.prrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.pubname = %s AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL)
"""
_TABLES: Final = """
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relreplident::text, c.relrowsecurity, c.relpersistence = 'u',
  ARRAY(SELECT ARRAY[s.nspname::text, p.relname::text] FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
        JOIN pg_catalog.pg_namespace s ON s.oid = p.relnamespace WHERE i.inhrelid = c.oid ORDER BY i.inhseqno),
  ARRAY(SELECT ARRAY[s.nspname::text, h.relname::text] FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class h ON h.oid = i.inhrelid
        JOIN pg_catalog.pg_namespace s ON s.oid = h.relnamespace WHERE i.inhparent = c.oid AND NOT h.relispartition ORDER BY 1),
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts ORDER BY k.place),
  ARRAY(SELECT a.attname::text FROM (
          SELECT indkey, indnkeyatts FROM pg_catalog.pg_index
          WHERE indrelid = c.oid AND indisunique AND NOT indisprimary AND indisvalid AND indimmediate
            AND indpred IS NULL AND indexprs IS NULL
            AND NOT EXISTS (SELECT FROM unnest(indkey) WITH ORDINALITY AS k (attnum, place) JOIN pg_catalog.pg_attribute a
              ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.place <= indnkeyatts AND NOT a.attnotnull)
          ORDER BY indnkeyatts, indexrelid LIMIT 1) AS best
        CROSS JOIN LATERAL unnest(best.indkey) WITH ORDINALITY AS k (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum WHERE k.place <= best.indnkeyatts ORDER BY k.place),
  ARRAY(SELECT ARRAY[t.relid::regclass::text, leaf.relreplident::text] FROM pg_partition_tree(c.oid) t
        JOIN pg_catalog.pg_class leaf ON leaf.oid = t.relid WHERE t.relid <> c.oid ORDER BY 1)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND (%(only)s::text[] IS NULL OR n.nspname || '.' || c.relname = ANY(%(only)s))
ORDER BY n.nspname, c.relname
"""
Connection = "psycopg.Connection[tuple[Any, ...]]"


def look(target: Target) -> Database | Refused:
    """Log in, read all facts, log out.

    Args:
        target: The database, with the names of role, publication, slot and tables.
    """
    connection = connect(target)
    if isinstance(connection, Refused):
        return connection
    names = target.names
    with connection:
        server = _server(connection, names.current_slot)
        heartbeat = _rows(connection, "SELECT to_regclass(%s) IS NOT NULL", names.heartbeat_table)[0][0]
        return Database(
            server=server,
            role=_role(connection, names.debezium_role, names.heartbeat_table),
            publication=_publication(connection, names.publication, server.version_number),
            heartbeat=bool(heartbeat),
            catalog=_catalog(connection, names.catalog_role, names.catalog_database) if target.catalog else None,
            tables=_tables(connection),
            session_settings=session_settings.look(connection, target),
        )


def _rows(connection: Any, statement: str, *values: object, **named: object) -> Sequence[tuple[Any, ...]]:  # noqa: ANN401 - of any row type
    rows: Sequence[tuple[Any, ...]] = connection.execute(statement, named or values or None).fetchall()
    return rows


def _server(connection: Any, slot: str) -> Server:  # noqa: ANN401 - as above
    version, number, user, tls, managed, standby, senders, pid = _rows(connection, _SERVER, slot)[0]
    settings = _rows(connection, "SELECT name, setting FROM pg_catalog.pg_settings WHERE name = ANY(%s)", list(_PARAMETERS))
    slots = (
        Slot(name=name, plugin=plugin, database=database, active=active, reader=reader, wal_status=status, retained=int(retained))
        for name, plugin, database, active, reader, status, retained in _rows(connection, _SLOTS)
    )
    return Server(
        version=version,
        version_number=number,
        tls=tls,
        user=user,
        managed=managed,
        standby=standby,
        settings=dict(settings),
        senders=senders,
        slots=tuple(slots),
        proxied=connection.info.backend_pid != pid,
    )


def _role(connection: Any, role: str, heartbeat: str) -> Role | None:  # noqa: ANN401 - as above
    rows = _rows(connection, _ROLE, role=role, heartbeat=heartbeat)
    if not rows:
        return None
    login, replication, superuser, bypasses, connects, schemas, reads, writes = rows[0]
    return Role(
        login=login,
        replication=replication,
        superuser=superuser,
        bypasses_row_security=bypasses,
        connects=connects,
        schemas=frozenset(schemas),
        reads=frozenset(reads),
        writes_heartbeat=writes,
    )


def _catalog(connection: Any, role: str, database: str) -> Catalog:  # noqa: ANN401 - as above
    is_there, login, owner, connects = _rows(connection, _CATALOG, role=role, database=database)[0]
    return Catalog(role=is_there, login=login, owner=owner, connects=connects)


def _publication(connection: Any, name: str, version: int) -> Publication | None:  # noqa: ANN401 - as above
    rows = _rows(connection, _PUBLICATION, name)
    if not rows:
        return None
    all_tables, insert, update, delete, truncate, via_root, tables = rows[0]
    published = {"insert": insert, "update": update, "delete": delete, "truncate": truncate}
    filtered = _rows(connection, _FILTERED, name) if version >= _FILTERS_SINCE else ()
    return Publication(
        all_tables=all_tables,
        kinds=frozenset(kind for kind, is_published in published.items() if is_published),
        via_root=via_root,
        tables=frozenset(tables),
        filtered=frozenset(row[0] for row in filtered),
    )


def captured(connection: Any, publication: str, tables: Sequence[str]) -> tuple[Publication | None, dict[str, SeenTable]]:  # noqa: ANN401 - as above
    """Return a publication, or None without it, and those of some tables that exist.

    Args:
        connection: Connection to the database, whose search path is empty.
        publication: Name of the publication.
        tables: Qualified names of the tables.
    """
    version = _rows(connection, "SELECT current_setting('server_version_num')::int")[0][0]
    return _publication(connection, publication, version), _tables(connection, tables)


def _tables(connection: Any, only: Sequence[str] | None = None) -> dict[str, SeenTable]:  # noqa: ANN401 - as above
    rows = _rows(connection, _TABLES, only=None if only is None else list(only))
    columns = seen_columns(connection, [row[0] for row in rows])
    seen = (
        SeenTable(
            schema=schema,
            name=name,
            columns=tuple(columns[oid]),
            primary_key=tuple(key),
            unique=tuple(unique),
            identity=identity,
            identities=tuple((leaf, kind) for leaf, kind in leaves),
            row_security=row_security,
            unlogged=unlogged,
            inherits=tuple((schema_of, parent) for schema_of, parent in inherits),
            children=tuple((schema_of, child) for schema_of, child in children),
        )
        for oid, schema, name, identity, row_security, unlogged, inherits, children, key, unique, leaves in rows
    )
    return {table.qualified: table for table in seen}
