"""Quality rules of one column: what a value must be, judged as the archive has it.

The sink's transform applies them to each row (docs/adr/0036), and the check of the archive to what was written.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, Protocol

from pydantic import Field

from stack.settings.rule_pattern import pattern_fault
from stack.settings.rule_time import is_slow
from stack.settings.section import Section
from stack.settings.sql_types import NUMBERS, TIMES, family, takes
from stack.settings.types import Scalar, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN: Final = 100
_MOST_VALUES: Final = 1000
Limit = Decimal | dt.date | dt.datetime


class ColumnRules(Section):
    """Quality rules of a column. NULL breaks ``notNull`` alone."""

    not_null: Switch = False
    """If true, NULL breaks the rule; so does a row without the column."""
    min: Scalar | None = None
    """Least number, day or time that is valid; a time in ISO 8601, with its offset for ``timestamptz``."""
    max: Scalar | None = None
    """Greatest number, day or time that is valid."""
    one_of: tuple[Scalar, ...] = Field(default=(), max_length=_MOST_VALUES)
    """Valid values, of a text or a whole number."""
    pattern: Scalar | None = None
    """Regular expression of a whole valid text, of what Java, RE2 and Python read alike: no look-around and no references back."""
    max_length: int | None = Field(default=None, ge=1, le=10_485_760, strict=True)
    """Most characters of a valid text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a column.

    Attributes:
        column: Name of the column in the archive.
        kind: Key of the rule in a stack file: ``notNull``, ``min``, ``max``, ``oneOf``, ``pattern`` or ``maxLength``.
        values: What it says: the values of ``oneOf``, and one text for every other rule.
    """

    column: str
    kind: str
    values: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name by which archive, counters and messages know it: ``price.min``."""
        return f"{self.column}.{self.kind}"


class AnyColumn(Protocol):
    """A column, as far as its rules need it."""

    @property
    def name(self) -> str:
        """Name in the archive."""

    @property
    def type(self) -> str:
        """SQL type."""

    @property
    def archive_type(self) -> str:
        """Iceberg type."""


def as_rules(column: str, rules: ColumnRules) -> Iterator[Rule]:
    """Yield the rules that a column's section states, in the section's order."""
    if rules.not_null:
        yield Rule(column, "notNull", ("true",))
    for kind, limit in (("min", rules.min), ("max", rules.max)):
        if limit is not None:
            yield Rule(column, kind, (limit.strip(),))
    if rules.one_of:
        yield Rule(column, "oneOf", rules.one_of)
    if rules.pattern is not None:
        yield Rule(column, "pattern", (rules.pattern,))
    if rules.max_length is not None:
        yield Rule(column, "maxLength", (str(rules.max_length),))


def limit_of(sql_type: str, written: str) -> Limit | None:
    """Return the value of a written limit of a column's type, None if it is none."""
    kind = family(sql_type)
    try:
        if kind in NUMBERS and takes(sql_type, written):
            return Decimal(written.strip())
        if kind == "date":
            return dt.date.fromisoformat(written.strip())
        if kind in {"timestamp", "timestamptz"} and "T" in written:
            moment = dt.datetime.fromisoformat(written.strip())
            return moment if (moment.tzinfo is not None) == (kind == "timestamptz") else None
    except (ValueError, InvalidOperation):
        pass
    return None


def rule_problems(column: AnyColumn, rules: ColumnRules) -> Iterator[str]:
    """Yield what is wrong with the rules of a column: of another type than it, contradictory, or not understood by the sink."""
    what = f"of column {column.name!r} ({column.type})"
    yield from _limits(column, rules, what)
    is_text, is_whole = column.archive_type == "string", family(column.type) == "int"
    if rules.one_of and not (is_text or is_whole):
        yield f"quality.oneOf {what} lists values, and only texts and whole numbers are compared with a list; use min and max"
    wrong = [value for value in rules.one_of if is_whole and not takes(column.type, value)]
    if wrong:
        yield f"quality.oneOf {what} has {wrong[0][:_SHOWN]!r}, which is no value of that type; remove it"
    if len(set(rules.one_of)) < len(rules.one_of):
        yield f"quality.oneOf {what} has a value twice; remove one"
    for key, value in (("pattern", rules.pattern), ("maxLength", rules.max_length)):
        if value is not None and not is_text:
            yield f"quality.{key} {what} is about text, and the archive has {column.archive_type} there; use min, max or oneOf"
    fault = "" if rules.pattern is None else pattern_fault(rules.pattern)
    if fault:
        yield f"quality.pattern {what}, {str(rules.pattern)[:_SHOWN]!r}, {fault}; write a plainer expression"
    elif rules.pattern is not None and is_text and is_slow(rules.pattern, _longest(column.type)):
        yield (
            f"quality.pattern {what}, {rules.pattern[:_SHOWN]!r}, has repetitions that share a text in so many ways that a row could stop "
            r"the sink; let a set lack the sign behind it, as in [^=]*=.* and \s*\S.*, bound it as in .{0,20}, or take a shorter varchar"
        )


def _longest(sql_type: str) -> int | None:
    """Return the number of letters of a column's longest text, or None without such a bound."""
    found = re.search(r"\(([0-9]+)\)", sql_type)
    return int(found[1]) if found else None


def _limits(column: AnyColumn, rules: ColumnRules, what: str) -> Iterator[str]:
    written = {key: value for key, value in (("min", rules.min), ("max", rules.max)) if value is not None}
    if written and family(column.type) not in NUMBERS | TIMES:
        yield f"quality.{next(iter(written))} {what} is a limit, and only numbers, days and times have one; use oneOf, pattern or maxLength"
        return
    found = {key: limit_of(column.type, value) for key, value in written.items()}
    for key, limit in found.items():
        if limit is None:
            forms = {"date": "2026-01-31", "timestamp": "2026-01-31T08:00:00", "timestamptz": "2026-01-31T08:00:00+00:00"}
            example = forms.get(family(column.type) or "", "0")
            yield f"quality.{key} {what} is {written[key][:_SHOWN]!r}, which is no value of that type; write one such as {example}"
    least, most = found.get("min"), found.get("max")
    # both are of the column's one type
    if least is not None and most is not None and least > most:  # type: ignore[operator]
        yield f"quality.min {what} is {written['min']} and max is {written['max']}, so that no value is valid; exchange them"
