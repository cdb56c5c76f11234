"""Reads the columns of tables from PostgreSQL's system catalogue, with all that decides what becomes of their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.existing_database.facts import SeenColumn
from stack.settings.archived_types import BY_SESSION, OF_EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

# held: behind domains and arrays stands the type whose values a column holds.
# named, valued: every type that has the name of a column's domain, and the way in which Debezium reads it from the log; text is one way.
# inside: the types that are parts of one of the database's own.
# An infinite interval comes from Debezium as zero, since PostgreSQL 17. The number of a multirange is unknown to a server before 14.
_COLUMNS: Final = """
WITH RECURSIVE held AS (
    SELECT attrelid, attnum, atttypid AS type, atttypmod AS size, '' AS array_of FROM pg_catalog.pg_attribute
    WHERE attnum > 0 AND NOT attisdropped AND attrelid = ANY(%(tables)s)
  UNION ALL
    SELECT attrelid, attnum, CASE WHEN typtype = 'd' THEN typbasetype ELSE typelem END,
      CASE WHEN typtype = 'd' THEN typtypmod ELSE size END, CASE WHEN typtype = 'd' THEN array_of ELSE '[]' END
    FROM held JOIN pg_catalog.pg_type t ON t.oid = held.type
    WHERE typtype = 'd' OR EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)),
named AS (
    SELECT oid AS root, oid AS type FROM pg_catalog.pg_type
    WHERE typnamespace <> 'pg_toast'::regnamespace AND typname IN (SELECT d.typname FROM pg_catalog.pg_attribute
      JOIN pg_catalog.pg_type d ON d.oid = atttypid WHERE d.typtype = 'd' AND attnum > 0 AND attrelid = ANY(%(tables)s))
  UNION ALL
    SELECT root, typbasetype FROM named JOIN pg_catalog.pg_type t ON t.oid = named.type WHERE typtype = 'd'),
valued AS (
    SELECT root, CASE WHEN typcategory IN ('A', 'C', 'E', 'R', 'S') THEN 'text' ELSE type::text END AS way
    FROM named JOIN pg_catalog.pg_type t ON t.oid = named.type WHERE typtype <> 'd'),
inside AS (
    SELECT type AS root, type FROM held
  UNION
    SELECT root, part FROM inside JOIN pg_catalog.pg_type t ON t.oid = inside.type CROSS JOIN LATERAL (
      SELECT typbasetype UNION SELECT typelem
      UNION SELECT atttypid FROM pg_catalog.pg_attribute WHERE attrelid = t.typrelid AND attnum > 0 AND NOT attisdropped
      UNION SELECT CASE WHEN rngtypid = t.oid THEN rngsubtype ELSE rngtypid END FROM pg_catalog.pg_range r
        WHERE t.oid::text IN (rngtypid::text, to_jsonb(r) ->> 'rngmultitypid')) AS parts (part)
    WHERE (t.typnamespace <> 'pg_catalog'::regnamespace OR t.typcategory = 'A') AND part <> 0)
SELECT a.attrelid::bigint, a.attname::text, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
  coalesce(CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END, ''), a.attgenerated <> '', a.attidentity <> '',
  CASE WHEN n.nspname = 'pg_catalog' THEN format_type(held.type, held.size) ELSE format('%%I.%%I', n.nspname, t.typname) END || array_of,
  CASE WHEN n.nspname = 'pg_catalog' THEN '' ELSE t.typtype::text END, t.typname::text,
  current_setting('server_version_num')::int < 170000 OR EXISTS (SELECT FROM pg_catalog.pg_constraint c
    WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.convalidated
    AND pg_get_expr(c.conbin, c.conrelid) = format('isfinite(%%I)', a.attname)),
  coalesce((SELECT min(format('%%I.%%I', s.nspname, o.typname)) FROM pg_catalog.pg_type i
    JOIN pg_catalog.pg_type o ON o.typname = i.typname AND o.oid <> i.oid JOIN pg_catalog.pg_namespace s ON s.oid = o.typnamespace
    JOIN valued own ON own.root = i.oid JOIN valued other ON other.root = o.oid
    WHERE i.oid = a.atttypid AND i.typtype = 'd' AND own.way <> other.way), ''),
  coalesce((SELECT min(p.typname::text) FROM inside JOIN pg_catalog.pg_type p ON p.oid = inside.type
    WHERE inside.root = held.type AND n.nspname <> 'pg_catalog' AND p.typnamespace = 'pg_catalog'::regnamespace
    AND p.typname = ANY(%(by_session)s)), '')
FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  JOIN held ON held.attrelid = a.attrelid AND held.attnum = a.attnum JOIN pg_catalog.pg_type t ON t.oid = held.type
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype <> 'd' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
ORDER BY a.attrelid, a.attnum
"""


def seen_columns(connection: Any, tables: Sequence[int]) -> dict[int, list[SeenColumn]]:  # noqa: ANN401 - of any row type
    """Return the columns of each table, in order.

    Args:
        connection: Connection to the database, whose search path is empty.
        tables: Numbers of the tables.
    """
    columns: dict[int, list[SeenColumn]] = {table: [] for table in tables}
    given = {"tables": list(tables), "by_session": list(BY_SESSION)}
    rows: Sequence[tuple[Any, ...]] = connection.execute(_COLUMNS, given).fetchall()
    for table, name, sql_type, nullable, default, generated, identity, holds, kind, holds_name, finite, namesake, inner in rows:
        columns[table].append(
            SeenColumn(
                name=name,
                type=sql_type,
                nullable=nullable,
                default=default,
                generated=generated,
                identity=identity,
                base=holds if holds != sql_type else "",
                kind=holds_name if holds_name in OF_EXTENSIONS and kind else kind,
                finite=finite,
                namesake=namesake,
                inner=inner,
            )
        )
    return columns
