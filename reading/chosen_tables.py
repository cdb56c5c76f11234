"""Captured tables that a command line names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from settings.tables import Table


class NoTableError(Exception):
    """A table is not captured; the message names those that are."""


def chosen(captured: Iterable[Table], names: Sequence[str]) -> tuple[Table, ...]:
    """Return the named tables in the order given, or all without a name.

    Raises:
        NoTableError: If the stack does not capture one of them.
    """
    by_name = {table.qualified: table for table in captured}
    for name in names:
        if name not in by_name:
            meant = nearest(name, by_name)
            cure = f"write {meant}" if meant else f"write one of {', '.join(by_name)}"
            message = f"the stack captures no table {name}; {cure}"
            raise NoTableError(message)
    return tuple(by_name[name] for name in dict.fromkeys(names)) or tuple(by_name.values())
