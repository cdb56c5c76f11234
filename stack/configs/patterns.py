"""Regular expressions that a configuration contains, matched in bounded time."""

from __future__ import annotations

import re

# A repetition of something that contains a repetition or a choice needs exponential time on a text that does not match.
_NESTED = re.compile(r"\([^()*+}|]*[*+}|][^()]*\)[*+{]|\)\)[*+{]")
_REPETITIONS = re.compile(r"[*+{]")
# Letters of which none has a meaning, and escapes of signs, which mean themselves.
_LITERAL = re.compile(r"(?:[\w\-/:@ ]|\\[^\w\s])*", re.ASCII)
_ESCAPED = re.compile(r"\\(.)")
_MOST_REPETITIONS, _LONGEST = 3, 20_000


def fault_of(expression: str) -> str:
    """Return why an expression cannot be matched here, or an empty string."""
    if _NESTED.search(expression) or len(_REPETITIONS.findall(expression)) > _MOST_REPETITIONS or len(expression) > _LONGEST:
        return "is a regular expression with too many repetitions, whose topics cannot be told in time"
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError):
        return "is not a regular expression that a preview can read"
    return ""


def literal(expression: str) -> str | None:
    """Return the only text that an expression matches, or None if there may be several or none."""
    body = expression.removeprefix("^").removesuffix("$")
    return _ESCAPED.sub(r"\1", body) if _LITERAL.fullmatch(body) else None


def matches(expression: str, text: str) -> bool:
    """Return whether an expression matches a whole text; never for one with a fault."""
    return not fault_of(expression) and re.fullmatch(expression, text) is not None
