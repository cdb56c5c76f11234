"""Quality rules that follow from a column's own CHECKs, where a condition is of a plain shape.

The database refuses such rows already. The rules say it once more behind it: a CHECK that is NOT VALID, that is added later or that a
restored copy lacks lets rows pass. Every other condition derives nothing; NULL passes a CHECK and these rules alike.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from stack.settings.column_rules import ColumnRules, limit_of
from stack.settings.sql_tokens import SqlError, Token, tokens
from stack.settings.sql_types import family

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stack.settings.column_rules import AnyColumn

_OPEN, _CLOSE, _AND = Token("sign", "("), Token("sign", ")"), Token("word", "and")
_MIRRORED: Final = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}
_LENGTHS: Final = ("length", "char_length", "character_length")
# Words behind the first one of a type, as pg_dump writes them.
_MORE_OF_A_TYPE: Final = {"precision", "varying", "with", "without", "time", "zone"}


def derived_rules(column: AnyColumn, constraint: str) -> ColumnRules:
    """Return the rules that follow from the CHECKs of a column.

    Args:
        column: The column.
        constraint: Its further SQL, which PostgreSQL takes.
    """
    found: dict[str, object] = {}
    try:
        written = tokens(constraint)
    except SqlError:
        # the model refuses it with the reason
        return ColumnRules()
    for condition in _conditions(written):
        plain = _without_casts(column, condition)
        for part in (_conjuncts(_bare(plain)) if plain else None) or ():
            found.update(_rule(column, _bare(part)))
    return ColumnRules.model_validate(found)


def _conditions(written: Sequence[Token]) -> Iterator[list[Token]]:
    """Yield the tokens between the brackets of each CHECK."""
    for place, token in enumerate(written[:-1]):
        if token == Token("word", "check") and written[place + 1] == _OPEN:
            end = _closing(written, place + 1)
            if end is not None:
                yield list(written[place + 2 : end])


def _closing(written: Sequence[Token], opening: int) -> int | None:
    level = 0
    for place in range(opening, len(written)):
        level += (written[place] == _OPEN) - (written[place] == _CLOSE)
        if level == 0:
            return place
    return None


def _without_casts(column: AnyColumn, written: Sequence[Token]) -> list[Token] | None:
    """Return the tokens without ``::type``, which pg_dump writes behind columns and values; None where a cast may change a value."""
    kept: list[Token] = []
    place = 0
    while place < len(written):
        if written[place] != Token("sign", "::"):
            kept.append(written[place])
            place += 1
            continue
        begin = place = place + 1
        while place < len(written) and (place == begin or (written[place].kind == "word" and written[place].text in _MORE_OF_A_TYPE)):
            place += 1
        name = " ".join(token.text for token in written[begin:place])
        if family(name) != family(column.type) or name in {"real", "float4"} or written[place : place + 1] == [_OPEN]:
            return None
        while place + 1 < len(written) and (written[place].text, written[place + 1].text) == ("[", "]"):
            place += 2
    return kept


def _bare(written: Sequence[Token]) -> list[Token]:
    """Return the tokens without brackets around them all, or around one alone."""
    rest = list(written)
    while len(rest) > 1 and rest[0] == _OPEN and _closing(rest, 0) == len(rest) - 1:
        rest = rest[1:-1]
    alone: list[Token] = []
    for token in rest:
        alone.append(token)
        # (price), but not length(name)
        if token == _CLOSE and alone[-3:-2] == [_OPEN] and (len(alone) == 3 or alone[-4].text not in {*_LENGTHS, "in", "any"}):  # noqa: PLR2004 - brackets and what is in them
            alone[-3:] = [alone[-2]]
    return alone


def _conjuncts(written: Sequence[Token]) -> list[list[Token]] | None:
    """Return the conditions that AND joins, None beside an OR or a NOT, or where the AND is that of BETWEEN."""
    parts: list[list[Token]] = [[]]
    level = 0
    for place, token in enumerate(written):
        level += (token == _OPEN) - (token == _CLOSE)
        if level == 0 and token.kind == "word" and token.text in {"or", "between", "case"}:
            return None
        if level == 0 and token == Token("word", "not") and written[place - 1 : place] != [Token("word", "is")]:
            return None
        if level == 0 and token == _AND:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _rule(column: AnyColumn, part: Sequence[Token]) -> dict[str, object]:
    """Return the rule of one condition by its key; nothing for a condition of another shape."""
    texts = [token.text for token in part]
    if part and part[0].kind in {"word", "name"} and texts[0] == column.name:
        return _of_column(column, texts, part)
    if len(texts) > 2 and texts[-1] == column.name and part[-1].kind in {"word", "name"}:  # noqa: PLR2004 - value, sign, column
        return _limit(column, _MIRRORED.get(texts[-2], ""), part[:-2])
    is_length = texts[:1] and texts[0] in _LENGTHS and texts[1:4] == ["(", column.name, ")"]
    if is_length and _is_plain_text(column) and len(part) == 6 and part[5].kind == "number" and texts[5].isdigit():  # noqa: PLR2004 - length(x) <= 9
        most = int(texts[5]) - (texts[4] == "<")
        return {"maxLength": most} if texts[4] in {"<", "<="} and most > 0 else {}
    return {}


def _of_column(column: AnyColumn, texts: Sequence[str], part: Sequence[Token]) -> dict[str, object]:
    """Return the rule of a condition that begins with the column."""
    if texts[1:] == ["is", "not", "null"]:
        return {"notNull": True}
    if texts[1:2] == ["in"]:
        return _listed(column, part[2:])
    if texts[1:3] == ["=", "any"]:
        return _listed(column, _of_array(part[3:]))
    return _limit(column, texts[1] if len(texts) > 1 else "", part[2:])


def _is_plain_text(column: AnyColumn) -> bool:
    """Return whether a column is of a type whose values PostgreSQL compares letter by letter: it pads those of char(n)."""
    return family(column.type) == "text" and column.type.partition("(")[0] in {"text", "varchar"}


def _of_array(part: Sequence[Token]) -> list[Token]:
    """Return ``(…)`` of ``(ARRAY[…])``, an empty list for another shape."""
    inner = _bare(part)
    if [token.text for token in inner[:2]] != ["array", "["] or inner[-1].text != "]":
        return []
    return [_OPEN, *inner[2:-1], _CLOSE]


def _listed(column: AnyColumn, part: Sequence[Token]) -> dict[str, object]:
    if part[:1] != [_OPEN] or _closing(part, 0) != len(part) - 1:
        return {}
    values, between = part[1:-1:2], part[2:-1:2]
    kind = "string" if _is_plain_text(column) else "number"
    fits = kind == "string" or family(column.type) == "int"
    if not values or not fits or any(token.kind != kind for token in values) or any(token.text != "," for token in between):
        return {}
    return {"oneOf": tuple(dict.fromkeys(token.text for token in values))}


def _limit(column: AnyColumn, sign: str, part: Sequence[Token]) -> dict[str, object]:
    negative = len(part) > 1 and part[0] == Token("sign", "-")
    value = _bare(part[1:] if negative else part)
    if len(value) != 1 or value[0].kind not in {"number", "string"}:
        return {}
    written = f"{'-' if negative else ''}{value[0].text}"
    limit = limit_of(column.type, written)
    if limit is None:
        return {}
    if sign in {">=", "<="}:
        return {"min" if sign == ">=" else "max": written}
    # beside the limit is the next number, where the type has one
    step = _step(column)
    if sign not in {">", "<"} or step is None or not isinstance(limit, Decimal):
        return {}
    return {"min": f"{limit + step:f}"} if sign == ">" else {"max": f"{limit - step:f}"}


def _step(column: AnyColumn) -> Decimal | None:
    """Return the distance of two neighbours of a column's type, None where it has no fixed one."""
    if family(column.type) == "int":
        return Decimal(1)
    _, mark, digits = column.archive_type.removesuffix(")").partition("decimal(")
    return Decimal(1).scaleb(-int(digits.partition(",")[2])) if mark else None
