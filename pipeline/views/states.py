"""Query for the state of a table: the last change of each key, without the deleted rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.views.order import OPERATION, SNAPSHOT, TRUNCATED, Log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.views.dialects import Dialect
    from pipeline.views.moment import Moment


def state(
    dialect: Dialect,
    relation: str,
    key: Sequence[str],
    columns: Sequence[str],
    moment: Moment | None = None,
    epoch: int | None = None,
) -> str:
    """Return the query for the current state of a table, or for an earlier one.

    It reads one epoch alone: rows of an earlier one may have been deleted between the two.

    Args:
        dialect: Dialect of the engine.
        relation: The archived changes, as FROM names them.
        key: Columns of the primary key.
        columns: Columns of the result, which the archived table has, and all others that it has (``__op``, …) by their own names.
        moment: Moment of the state; the present one by default.
        epoch: Epoch of the state; by default the highest of which the table has a row.
    """
    return _query(Log(dialect), relation, key, columns, moment, epoch)


def known_state(dialect: Dialect, relation: str, key: Sequence[str], columns: Sequence[str], epoch: int | None = None) -> str:
    """Return the query for the current state of a table that may be older than a column of the order; its columns are all given."""
    return _query(Log(dialect, columns), relation, key, columns, None, epoch)


def _query(log: Log, relation: str, key: Sequence[str], columns: Sequence[str], moment: Moment | None, epoch: int | None) -> str:
    shown = ",\n  ".join(f"numbered.{log.dialect.quoted(name)}" for name in columns)
    seen = [] if moment is None else moment.conditions(log)
    if log.epoch and epoch is not None:
        seen.append(f"{log.epoch} = {epoch}")
    newest = ",\n        ".join(log.newest_first)
    of_last_epoch = [f"{log.epoch} = last_epoch.epoch"] if log.epoch and epoch is None else []
    return f"""\
SELECT
  {shown}
FROM (
  SELECT
    changes.*,
    row_number() OVER (
      PARTITION BY {", ".join(log.column(name) for name in key)}
      ORDER BY
        {newest}
    ) AS newest
  FROM {relation} AS changes
  CROSS JOIN (
{_last_epoch(log, relation, seen, epoch)}
  ) AS last_epoch{_where([*of_last_epoch, *seen, log.is_change, log.is_after_truncate], "  ")}
) AS numbered
WHERE numbered.newest = 1 AND numbered.{log.dialect.quoted(OPERATION)} <> 'd'
"""  # noqa: S608 - names of the table model, quoted


def _last_epoch(log: Log, relation: str, seen: Sequence[str], epoch: int | None) -> str:
    """Return the query, of one row, for the last epoch and the positions of its first snapshot and its last TRUNCATE."""
    source = f"    FROM {relation} AS changes{_where(seen, '    ')}"
    positions = f"{log.first_snapshot} AS {SNAPSHOT}, {log.last_truncate} AS {TRUNCATED}"
    if log.epoch is None or epoch is not None:
        return f"    SELECT {positions}\n{source}"
    last = f"    GROUP BY {log.epoch}\n    ORDER BY epoch DESC\n    LIMIT 1"
    return f"    SELECT {log.epoch} AS epoch, {positions}\n{source}\n{last}"


def _where(conditions: Sequence[str], indent: str) -> str:
    return f"\n{indent}WHERE {' AND '.join(conditions)}" if conditions else ""
