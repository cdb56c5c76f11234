"""Forms of SQL that are no function and no operator of two values, as ``pg_dump`` writes them: arrays, CASE, words in place of commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.sql_operators import LITERAL, Typed, cast, comparable, texts
from stack.settings.sql_tokens import SqlError
from stack.settings.sql_types import NUMBERS, TIMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.settings.sql_tokens import Reader

    Read = Callable[[], Typed]

_QUANTIFIERS = ("any", "some", "all")
_SIDES = ("both", "leading", "trailing")
# Collations that every server has.
_COLLATIONS = {"C", "POSIX", "default", "ucs_basic"}


def quantified(reader: Reader, left: Typed, condition: Read, read_type: Callable[[], str]) -> bool:
    """Read ``ANY (ARRAY[…])`` behind a comparison, and compare each of its values; return whether it stands there.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    if not any(reader.skip(word, "(") for word in _QUANTIFIERS):
        return False
    for item in _array(reader, condition, read_type):
        comparable(left, item)
    reader.need(")")
    return True


def _array(reader: Reader, condition: Read, read_type: Callable[[], str]) -> list[Typed]:
    if reader.skip("("):
        items = _array(reader, condition, read_type)
        reader.need(")")
    else:
        reader.need("array", "[")
        items = [condition()]
        while reader.skip(","):
            items.append(condition())
        reader.need("]")
        for one in items[1:]:
            comparable(items[0], one)
    while reader.skip("::"):
        kind = read_type()
        reader.need("[", "]")
        items = [cast(kind, item) for item in items]
    return items


def case(reader: Reader, condition: Read) -> Typed:
    """Read what stands behind CASE, up to its END; the type is that of its results.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    subject = None if reader.skip("when") else condition()
    if subject is not None:
        reader.need("when")
    results: list[Typed] = []
    while True:
        tested = condition()
        if subject is None:
            tested.as_("bool")
        else:
            comparable(subject, tested)
        reader.need("then")
        results.append(condition())
        if not reader.skip("when"):
            break
    if reader.skip("else"):
        results.append(condition())
    reader.need("end")
    return _common(results)


def _common(results: list[Typed]) -> Typed:
    """Return the type that several results have together; literals alone are text."""
    known = [one for one in results if one.kind not in {LITERAL, "null"}]
    if not known:
        return Typed("text")
    kinds = {one.kind for one in known}
    for group in (NUMBERS, TIMES):
        if len(kinds) > 1 and kinds <= set(group):
            message = f"CASE returns {' and '.join(sorted(kinds))}: cast them to one type"
            raise SqlError(message)
    if len(kinds) > 1:
        message = f"CASE returns {' and '.join(sorted(kinds))}, which have no type together"
        raise SqlError(message)
    (kind,) = kinds
    for one in results:
        one.as_(kind)
    return Typed(kind)


def collated(reader: Reader, typed: Typed) -> None:
    """Read the collation behind COLLATE.

    Raises:
        SqlError: If the value is no text, or not every server has the collation.
    """
    texts(typed)
    name = reader.take()
    if name.kind != "name" or name.text not in _COLLATIONS:
        message = f'the collation {name.text!r} is not on every server; write COLLATE "C" or remove it'
        raise SqlError(message)


def spoken(name: str, reader: Reader, condition: Read, operand: Read) -> list[Typed] | None:
    """Read the arguments of a function between which SQL has words; None for every other function.

    Args:
        name: Name of the function without quotes.
        reader: The tokens.
        condition: Reads a whole expression.
        operand: Reads an expression without a comparison.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    if name == "position":
        reader.need("(")
        part = operand()
        reader.need("in")
        given = [operand(), part]
        reader.need(")")
        return given
    read = {"substring": _substring, "trim": _trim, "overlay": _overlay}.get(name)
    return None if read is None else read(reader, condition)


def _trim(reader: Reader, condition: Read) -> list[Typed]:
    reader.need("(")
    has_side = any(reader.skip(side) for side in _SIDES)
    given = [] if has_side and reader.skip("from") else [condition()]
    while not reader.skip(")"):
        if given and not reader.skip("from"):
            reader.need(",")
        given.append(condition())
    return given


def _overlay(reader: Reader, condition: Read) -> list[Typed]:
    """Read the arguments of ``overlay``: separated by commas, or by PLACING, FROM and FOR."""
    reader.need("(")
    given = [condition()]
    words = ["placing", "from", "for"]
    if reader.skip(","):
        given.append(condition())
        words = [",", ","]
    for word in words:
        if reader.skip(")"):
            return given
        reader.need(word)
        given.append(condition())
    reader.need(")")
    return given


def _substring(reader: Reader, condition: Read) -> list[Typed]:
    """Read the arguments of ``substring``: separated by commas, or by FROM and FOR."""
    reader.need("(")
    given = [condition()]
    begins = None
    while not reader.skip(")"):
        if reader.skip("for"):
            length = condition()
            given = [given[0], begins or Typed("int", "1"), length]
        elif reader.skip("from"):
            begins = condition()
            given.append(begins)
        else:
            reader.need(",")
            given.append(condition())
    return given
