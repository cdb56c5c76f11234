"""Names that topic and archive can have, close to those of the database."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from stack.settings.sql_names import needs_quotes
from stack.settings.tables import PARTITION_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_LONGEST: Final = 63
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")


def is_reserved(column: str) -> bool:
    """Return whether the archive reserves the name of a column: for the hour's partition, or for the change."""
    return column in PARTITION_COLUMNS or column.startswith("__")


def renamed(names: Sequence[str], otherwise: str, *, columns: bool = False) -> dict[str, str]:
    """Return a free name that needs no quotes in SQL for each name that needs them or is reserved, close to it.

    ``firstName`` becomes ``first_name``, ``größe`` becomes ``grosse``, and a second ``FirstName`` becomes ``first_name_2``.

    Args:
        names: All names of a table's columns, of a schema's tables, or of schemas.
        otherwise: Beginning of the name for one that has no letter at its beginning, or none of ASCII at all.
        columns: Whether they are names of columns, of which the archive reserves some.
    """
    found: dict[str, str] = {}
    for name in names:
        if needs_quotes(name) or (columns and is_reserved(name)):
            found[name] = free(_plain(name, otherwise), {*names, *found.values()})
    return found


def _plain(name: str, otherwise: str) -> str:
    separate = _CAMEL.sub("_", name).casefold()
    ascii_only = unicodedata.normalize("NFKD", separate).encode("ascii", "ignore").decode()
    plain = _OTHERS.sub("_", ascii_only).strip("_") or otherwise
    plain = (plain if plain[0].isalpha() else f"{otherwise}_{plain}")[:_LONGEST]
    return f"{plain}_value" if needs_quotes(plain) or is_reserved(plain) else plain


def numbered(plain: str, most: int) -> list[str]:
    """Return a name and its numbered forms, of which one is free where so many are taken."""
    return [plain, *(f"{plain[: _LONGEST - 6]}_{number}" for number in range(2, most + 3))]


def free(plain: str, taken: Collection[str]) -> str:
    """Return a name, or the first of its numbered forms, that is not taken."""
    return next(choice for choice in numbered(plain, len(taken)) if choice not in taken)
