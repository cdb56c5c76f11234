"""The quarantine of an archived table: the table beside it with the rows that have broken a rule (docs/adr/0036)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.exceptions import NoSuchTableError

from stack.settings.quality import BROKEN_RULES, quarantine_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.table import Table


def with_quarantine(load: Callable[[str], Table], name: str) -> list[Table]:
    """Return an archived table, and its quarantine where the catalog has one, whether or not rows are judged at present.

    Args:
        load: Returns a table of the archive by its name, or raises NoSuchTableError.
        name: Name of the table.

    Raises:
        Exception: Whatever the catalog raises.
    """
    table = load(name)
    try:
        bad = load(quarantine_name(name))
    except NoSuchTableError:
        return [table]
    # a captured table can have such a name, and has no such column
    return [table, bad] if BROKEN_RULES in {field.name for field in bad.schema().fields} else [table]
