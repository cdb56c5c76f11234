"""Operators of SQL: the type of what they return, and the types that they take."""

from __future__ import annotations

from stack.settings.sql_tokens import SqlError
from stack.settings.sql_types import NUMBERS, TIMES, assigns, casts, family, takes

# A string in quotes has no type until its place gives it one; the text itself follows.
LITERAL = "literal"


class Typed:
    """Type of a part of an expression.

    Attributes:
        kind: Family of its type, ``literal`` or ``null``.
        literal: Text of a literal, or None.
    """

    __slots__ = ("kind", "literal")

    def __init__(self, kind: str, literal: str | None = None) -> None:
        """Create the type of a part."""
        self.kind, self.literal = kind, literal

    def as_(self, wanted: str, *, explicit: bool = False) -> str:
        """Return the wanted family, if PostgreSQL brings the part to it.

        Raises:
            SqlError: If it does not.
        """
        fits = casts if explicit else assigns
        if self.kind == "null" or (takes(wanted, self.literal or "") if self.kind == LITERAL else fits(self.kind, wanted)):
            return wanted
        shown = f"{self.literal!r}" if self.kind == LITERAL else f"a value of type {self.kind}"
        message = f"{shown} is no {wanted}"
        raise SqlError(message)


def cast(sql_type: str, typed: Typed) -> Typed:
    """Return the part after its cast to a type.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    kind = family(sql_type)
    if kind is None:
        message = f"{sql_type!r} is no type that a preview knows"
        raise SqlError(message)
    if typed.kind == "null":
        return typed
    whole = typed.kind == "int" and kind in {"int", "bool"}
    if (
        typed.literal is not None
        and (typed.kind == LITERAL or whole)
        and not takes("integer" if kind == "bool" and whole else sql_type, typed.literal)
    ):
        message = f"{typed.literal!r} is no {sql_type}"
        raise SqlError(message)
    if {typed.kind, kind} == {"int", "bool"} and sql_type not in {"int", "int4", "integer", "bool", "boolean"}:
        message = f"a value of type {typed.kind} is cast to integer only"
        raise SqlError(message)
    return Typed(
        typed.as_(kind, explicit=True),
        typed.literal if (typed.kind == LITERAL and kind in {"text", *NUMBERS}) or {kind, typed.kind} <= NUMBERS else None,
    )


def comparable(left: Typed, right: Typed) -> None:
    """Refuse to compare values that PostgreSQL does not compare.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    if left.kind in {LITERAL, "null"}:
        left, right = right, left
    if left.kind in {LITERAL, "null"}:
        return
    if right.kind in {LITERAL, "null"}:
        right.as_(left.kind)
    elif left.kind != right.kind and not any({left.kind, right.kind} <= group for group in (NUMBERS, TIMES)):
        message = f"a value of type {left.kind} is compared with one of type {right.kind}"
        raise SqlError(message)


def texts(*both: Typed) -> None:
    """Refuse a pattern on anything but text.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    for one in both:
        if one.kind not in {"text", LITERAL}:
            message = f"a pattern is compared with a value of type {one.kind}"
            raise SqlError(message)


def joined(left: Typed, right: Typed) -> Typed:
    """Return the type of two joined texts.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    if "null" in {left.kind, right.kind}:
        message = "what is joined with NULL is NULL"
        raise SqlError(message)
    if "text" not in {left.kind, right.kind} and LITERAL not in {left.kind, right.kind}:
        message = "'||' joins texts"
        raise SqlError(message)
    return Typed("text")


def calculated(left: Typed, right: Typed) -> Typed:
    """Return the type of a product, a quotient or a sum of numbers.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    kinds = {left.kind, right.kind}
    if kinds <= NUMBERS:
        return Typed("float" if "float" in kinds else "numeric" if "numeric" in kinds else "int")
    if left.kind == "interval" and right.kind in NUMBERS:
        return Typed("interval")
    message = f"a value of type {left.kind} is calculated with one of type {right.kind}"
    raise SqlError(message)


def added(left: Typed, right: Typed, sign: str) -> Typed:
    """Return the type of a sum or a difference.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    if left.kind in TIMES and right.kind == "interval":
        return Typed("timestamp" if left.kind == "date" else left.kind)
    if left.kind == "date" and right.kind == "int":
        return left
    if sign == "-" and left.kind in TIMES and right.kind in TIMES:
        return Typed("int" if {left.kind, right.kind} == {"date"} else "interval")
    if {left.kind, right.kind} == {"interval"}:
        return left
    if "interval" in {left.kind, right.kind}:
        message = "an interval is added to a time"
        raise SqlError(message)
    return calculated(left, right)
