"""Options that several commands have: one default and one rule for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_STACK: Final = "dev"
"""The stack of every command that is given none."""
BARE: Final = "by its name, with its schema where two schemas have one of that name"


def stack(which: str = "") -> Callable[[Any], Any]:
    """Return the option that names a stack.

    Args:
        which: What the stack has to be, such as ``that is up``.
    """
    named = f"Name of a Pulumi.<stack>.yaml {which}".strip()
    return click.option("--stack", default=DEFAULT_STACK, metavar="NAME", help=f"{named}.")


def tables() -> Callable[[Any], Any]:
    """Return the option that names some tables of a stack, each with or without its schema."""
    return click.option("--table", "tables", multiple=True, metavar="TABLE", help=f"Only this table, {BARE}; may be repeated.")
