"""Names that need no quotes, close to those that do."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from settings.tables import PARTITION_COLUMNS
from settings.types import SqlIdentifier

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_IDENTIFIER: Final = TypeAdapter(SqlIdentifier)
_LONGEST: Final = 63
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHERS: Final = re.compile(r"[^a-z0-9]+")


def needs_quotes(name: str) -> bool:
    """Return whether SQL takes a name only in quotes, or the model does not take it."""
    try:
        _IDENTIFIER.validate_python(name)
    except ValidationError:
        return True
    return False


def is_reserved(column: str) -> bool:
    """Return whether the archive reserves the name of a column: for the hour's partition, or for the change."""
    return column in PARTITION_COLUMNS or column.startswith("__")


def renamed(names: Sequence[str], otherwise: str, *, columns: bool = False) -> dict[str, str]:
    """Return a free name that needs no quotes for each name that has to change, close to it.

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


def free(plain: str, taken: Collection[str]) -> str:
    """Return a name, or the first of its numbered forms, that is not taken."""
    choices = [plain, *(f"{plain[: _LONGEST - 6]}_{number}" for number in range(2, len(taken) + 3))]
    return next(choice for choice in choices if choice not in taken)
