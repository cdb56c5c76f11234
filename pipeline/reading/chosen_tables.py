"""Captured tables that a command line names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stack.settings.tables import Table


class NoTableError(Exception):
    """A name stands for no captured table, or for several; the message says what to write."""


def chosen(captured: Iterable[Table], names: Sequence[str]) -> tuple[Table, ...]:
    """Return the named tables in the order given, each once, or all without a name.

    Args:
        captured: Tables of the stack.
        names: Names with their schema, or without it where one captured table alone has the name.

    Raises:
        NoTableError: If the stack does not capture one of them, or two with that name.
    """
    by_name = {table.qualified: table for table in captured}
    bare: dict[str, list[str]] = {}
    for table in by_name.values():
        bare.setdefault(table.name, []).append(table.qualified)
    found = (name if name in by_name else _qualified(name, bare, tuple(by_name)) for name in names)
    return tuple(by_name[name] for name in dict.fromkeys(found)) or tuple(by_name.values())


def _qualified(name: str, bare: Mapping[str, Sequence[str]], known: Sequence[str]) -> str:
    """Return the name with its schema of the one table that is called so."""
    called = bare.get(name, ())
    if len(called) == 1:
        return called[0]
    if called:
        message = f"the stack captures {len(called)} tables {name}; write one of {', '.join(called)}"
        raise NoTableError(message)
    meant = nearest(name, known) or "".join(bare.get(nearest(name, bare), ())[:1])
    cure = f"write {meant}" if meant else f"write one of {', '.join(known)}"
    message = f"the stack captures no table {name}; {cure}"
    raise NoTableError(message)
