"""Rows that belong to a measurement: recognised by their address, removed whatever happens."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sandbox.equality import connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import psycopg

    from sandbox.progress import Progress

TABLE: Final = "users"
_DOMAIN: Final = "bench.invalid"  # a domain that can belong to nobody (RFC 2606), so no user of the shop is mistaken for one of these
_BATCH: Final = 10_000


@contextmanager
def removed_after(outputs: Mapping[str, Any], progress: Progress) -> Iterator[str]:
    """Give a mark for rows to insert; remove these and what a killed run has left, before and after, also after Ctrl-C.

    Args:
        outputs: What ``sandbox outputs`` prints.
        progress: Shows the removal.
    """
    with connect(outputs) as connection:
        remove(connection)
    try:
        yield uuid.uuid4().hex[:12]
    finally:
        with progress.step("Removing the measured rows"), connect(outputs) as connection:
            remove(connection)


def address(mark: str, number: int) -> str:
    """Return the address of one row."""
    return f"{mark}-{number}@{_DOMAIN}"


def pattern(mark: str) -> str:
    """Return the SQL pattern of a mark's addresses."""
    return f"{mark}-%@{_DOMAIN}"


def insert(connection: psycopg.Connection[dict[str, Any]], mark: str, first: int, last: int) -> None:
    """Insert rows by number, each batch a transaction.

    Args:
        connection: An autocommitting connection.
        mark: Whose rows they are.
        first: The first number.
        last: The last number.
    """
    statement = (
        "INSERT INTO users (email, first_name, last_name) "
        "SELECT %s::text || '-' || number || '@' || %s::text, 'Bench', number::text FROM generate_series(%s::int, %s::int) AS number"
    )
    for begin in range(first, last + 1, _BATCH):
        connection.execute(statement, [mark, _DOMAIN, begin, min(begin + _BATCH - 1, last)])


def remove(connection: psycopg.Connection[dict[str, Any]]) -> int:
    """Remove the rows of every measurement, each batch a transaction.

    Returns:
        How many there were.
    """
    statement = "DELETE FROM users WHERE id IN (SELECT id FROM users WHERE email LIKE %s LIMIT %s)"
    total = 0
    while number := connection.execute(statement, [pattern("%"), _BATCH]).rowcount:
        total += number
    return total
