"""Locks and rewrites by PostgreSQL itself: which lock an action takes, and whether it writes the table anew.

From PostgreSQL's documentation of ALTER TABLE and of explicit locking (version 17). A table that is written anew is not written into the
logical log: no row of it is sent.
"""

from __future__ import annotations

from typing import Final

EXCLUSIVE: Final = "lock ACCESS EXCLUSIVE: readers and writers wait; write SET lock_timeout = '5s' before it, so that it gives up"
BRIEF: Final = "no row is written anew, so the lock is short once it is got"
REWRITE: Final = "the whole table is written anew under the lock; none of its rows is sent through the log"
MAY_REWRITE: Final = "it may write the whole table anew under the lock; none of its rows would be sent through the log"
SCAN: Final = "the whole table is read under the lock, and not written"
SHARED: Final = "lock SHARE UPDATE EXCLUSIVE: readers and writers go on"
SHARE_ROW: Final = "lock SHARE ROW EXCLUSIVE: readers go on, writers wait"
SHARE: Final = "lock SHARE: readers go on, writers wait; with CONCURRENTLY they go on too"
ROWS: Final = "lock ROW EXCLUSIVE: readers and writers go on"
NONE: Final = "no lock on the table"

# Changes of a type that PostgreSQL makes without writing the table anew: the first of its older type, where the new one is no shorter
_GROWING: Final = frozenset({"varchar", "numeric", "varbit"})


def type_change(before: str, after: str, *, using: bool) -> str:  # noqa: PLR0911 - one for each kind
    """Return whether a change of a type writes the table anew.

    Args:
        before: Type before, in the table file's spelling.
        after: Type after.
        using: Whether the statement says how to convert.
    """
    if before == after:
        return MAY_REWRITE if using else BRIEF
    kind, other = before.partition("(")[0], after.partition("(")[0]
    if using:
        return MAY_REWRITE
    if kind == "varchar" and other in {"text", "varchar"} and _at_least(after, before):
        return BRIEF
    if kind == other and kind in _GROWING and _at_least(after, before):
        return BRIEF
    if (kind, other) == ("text", "varchar") and "(" not in after:
        return BRIEF
    if {kind, other} == {"timestamp", "timestamptz"}:
        return f"{REWRITE} (unless the session's time zone is UTC)"
    return REWRITE


def _at_least(after: str, before: str) -> bool:
    """Return whether a size is not smaller than another, and a scale the same; a type without a size is the largest."""
    new, old = _sizes(after), _sizes(before)
    if not new or after.startswith("text"):
        return True
    return bool(old) and new[0] >= old[0] and new[1:] == old[1:]


def _sizes(spelling: str) -> list[int]:
    inside = spelling.partition("(")[2].rstrip(")")
    return [int(part) for part in inside.split(",") if part.strip().lstrip("-").isdigit()]
