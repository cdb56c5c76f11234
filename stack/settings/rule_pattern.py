"""Patterns of quality rules: regular expressions that Java, DuckDB and Python read alike, and match in bounded time.

The sink's transform matches them with Java's engine, the check of the archive with RE2 in DuckDB. So what only one of them knows is
refused: look-around, references back, possessive repetition, sets of sets. A repeated group that holds a choice or a repetition is
refused too, since Java can need exponential time for it, in which no row of any table passes.
"""

from __future__ import annotations

import re
from typing import Final

_LONGEST: Final = 1000
_MOST_REPEATED: Final = 1000
_REPETITION: Final = re.compile(r"(?:[*+?]|\{([0-9]{1,4})(?:,([0-9]{0,4}))?\})\??")
_ESCAPE: Final = re.compile(r"\\(?:[dDwWsS]|[^\w\s])", re.ASCII)
_IN_CLASS: Final = re.compile(r"(?:\\(?:[dws]|[^\w\s])|[^\\\[\]&^-])(?:-(?:\\[^\w\s]|[^\\\[\]&^-]))?", re.ASCII)


class _Reader:
    """Reader of one pattern; each method returns a fault, or an empty string."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def whole(self) -> str:
        fault, _ = self._choice()
        return fault or ("has a ')' without its '('" if self._at < len(self._text) else "")

    def _choice(self) -> tuple[str, bool]:
        """Read up to the end of a group; tell also whether it holds a choice or a repetition."""
        is_loose = False
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                self._at, is_loose = self._at + 1, True
                continue
            fault, inner = self._one()
            if fault:
                return fault, is_loose
            fault, repeated = self._repeated()
            if fault:
                return fault, is_loose
            if repeated and inner:
                return "repeats a group that holds a choice or a repetition, which can take Java exponential time", is_loose
            is_loose = is_loose or repeated or inner
        return "", is_loose

    def _one(self) -> tuple[str, bool]:
        letter = self._text[self._at]
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._class(), False
        if letter == "\\":
            found = _ESCAPE.match(self._text, self._at)
            if found is None:
                return f"has the escape {self._text[self._at : self._at + 2]!r}; known are \\d, \\w, \\s, their capitals, and signs", False
            self._at = found.end()
            return "", False
        if letter in "*+?{}]":
            return f"has {letter!r} where nothing is repeated or closed; write \\{letter} for the sign itself", False
        self._at += 1
        return "", False

    def _group(self) -> tuple[str, bool]:
        self._at += 1
        if self._text.startswith("?", self._at):
            if not self._text.startswith("?:", self._at):
                return "has a group that begins with '(?', of which only '(?:' is known", False
            self._at += 2
        fault, is_loose = self._choice()
        if not fault and self._at == len(self._text):
            fault = "has a '(' without its ')'"
        self._at += 1
        return fault, is_loose

    def _class(self) -> str:
        self._at += 2 if self._text.startswith("[^", self._at) else 1
        begin = self._at
        # a hyphen that comes first means itself to all engines
        self._at += self._text.startswith("-", self._at)
        while found := _IN_CLASS.match(self._text, self._at):
            self._at = found.end()
        if self._text.startswith("-", self._at):
            self._at += 1
        if not self._text.startswith("]", self._at) or self._at == begin:
            return r"has a set in square brackets that the engines read in different ways; write [ ] & ^ and \ in it behind a backslash"
        self._at += 1
        return ""

    def _repeated(self) -> tuple[str, bool]:
        found = _REPETITION.match(self._text, self._at)
        if found is None:
            return "", False
        least, most = int(found[1] or 0), int(found[2] or found[1] or 0)
        if max(least, most) > _MOST_REPEATED or least > most:
            return f"repeats something as in {found[0]!r}; at most {_MOST_REPEATED} times, and the smaller number first", True
        self._at = found.end()
        return "", found[0] not in {"?", "??"}


def pattern_fault(pattern: str) -> str:
    """Return why a pattern cannot be a rule, or an empty string."""
    if not 0 < len(pattern) <= _LONGEST:
        return f"has {len(pattern):,} characters, and 1 to {_LONGEST:,} are read"
    if "${" in pattern:
        return "contains '${', which Kafka Connect would replace; write \\$\\{"
    fault = _Reader(pattern).whole()
    if fault:
        return fault
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return ""
