"""Time that Java's engine can need for a pattern of a quality rule, by the ways in which its repetitions can share one text.

Java tries one way after another. Two repetitions share a text in many ways if one may take over what the other leaves:
``.*=.*`` does not, once the text has no ``=``, but ``.*.*=`` tries each place between them. A sign that must stand between them and
that one of them cannot read leaves one way only: ``[^=]*=.*``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

# Letters that stand for all: ASCII, and one of each further kind that \d, \w, \s and '.' could tell apart.
_LETTERS: Final = frozenset(map(chr, range(128))) | {"\x85", "é", "٣", "\u2028", "字"}
_ATOM: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|[^\\\[()|]", re.DOTALL)
_REPETITION: Final = re.compile(r"(?:([*+?])|\{([0-9]+)(,?)([0-9]*)\})\??")
_BOUNDS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}
# A text as large as a row may be: Kafka's own limit of a record, 1 MiB.
_LONGEST_TEXT: Final = 1_048_576
# Steps up to which a pattern is accepted: Java needs 50 ns for one (measured with OpenJDK 17), so half a second for the worst row.
_MOST_STEPS: Final = 10_000_000

Letters = frozenset[str]


class _Loop(NamedTuple):
    """A repetition of no fixed number: its letters, its number of ways alone, and what must be read before and behind it."""

    letters: Letters
    ways: int | None
    before: tuple[Letters, ...] = ()
    behind: tuple[Letters, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: its repetitions, the letters that it must read, those that it may, and its longest text, None without end."""

    loops: tuple[_Loop, ...] = ()
    must: tuple[Letters, ...] = ()
    may: Letters = frozenset()
    longest: int | None = 0


class _Steps:
    """Reader of a pattern that is valid; counts the ways in which its repetitions share a text."""

    def __init__(self, pattern: str, longest: int) -> None:
        self._pattern, self._at, self._longest = pattern, 0, longest
        self._ways = 1

    def counted(self) -> int:
        whole = self._choice()
        return self._ways * min(self._longest, self._longest if whole.longest is None else whole.longest)

    def _choice(self) -> _Part:
        parts = [self._sequence()]
        while self._pattern.startswith("|", self._at):
            self._at += 1
            parts.append(self._sequence())
        if len(parts) == 1:
            return parts[0]
        lengths = [part.longest for part in parts]
        must = (frozenset[str]().union(*(part.must[0] for part in parts)),) if all(part.must for part in parts) else ()
        return _Part(
            loops=tuple(loop for part in parts for loop in part.loops),
            must=must,
            may=frozenset[str]().union(*(part.may for part in parts)),
            longest=None if None in lengths else max(length for length in lengths if length is not None),
        )

    def _sequence(self) -> _Part:
        whole = _Part()
        while self._at < len(self._pattern) and self._pattern[self._at] not in ")|":
            whole = self._joined(whole, self._repeated(self._one()))
        return whole

    def _joined(self, first: _Part, second: _Part) -> _Part:
        for later in second.loops:
            shared = [one for one in first.loops if self._share(one, later)]
            if shared:
                self._ways *= min(later.ways or self._longest, max(one.ways or self._longest for one in shared))
        return _Part(
            loops=(
                *(loop._replace(behind=(*loop.behind, *second.must)) for loop in first.loops),
                *(loop._replace(before=(*first.must, *loop.before)) for loop in second.loops),
            ),
            must=(*first.must, *second.must),
            may=first.may | second.may,
            longest=None if first.longest is None or second.longest is None else first.longest + second.longest,
        )

    def _shares_with_the_next(self, part: _Part) -> bool:
        """Return whether repetitions in a repeated group share a text among themselves, or with those of its next turn."""
        before = self._ways
        self._joined(part, part)
        shares, self._ways = self._ways > 1, before
        return shares

    @staticmethod
    def _share(one: _Loop, later: _Loop) -> bool:
        both = one.letters & later.letters
        return bool(both) and all(letters & both for letters in (*one.behind, *later.before))

    def _one(self) -> _Part:
        if self._pattern[self._at] == "(":
            self._at += 3 if self._pattern.startswith("(?:", self._at) else 1
            inner = self._choice()
            self._at += 1
            return inner
        found = _ATOM.match(self._pattern, self._at)
        text = found[0] if found else self._pattern[self._at]
        self._at += len(text)
        read = re.compile(text, re.ASCII)
        letters = frozenset(letter for letter in _LETTERS if read.fullmatch(letter)) or frozenset(text[-1:])
        return _Part(must=(letters,), may=letters, longest=1)

    def _repeated(self, part: _Part) -> _Part:
        found = _REPETITION.match(self._pattern, self._at)
        if found is None:
            return part
        self._at = found.end()
        least, most = _BOUNDS[found[1]] if found[1] else (int(found[2]), int(found[4]) if found[4] else None if found[3] else int(found[2]))
        longest = None if most is None or part.longest is None else most * part.longest
        must = part.must if least else ()
        if most != 1 and (part.loops and self._shares_with_the_next(part)):
            self._ways = _MOST_STEPS + 1  # exponential
        if least == most or (most == 1 and part.loops):
            return _Part(loops=part.loops, must=must, may=part.may, longest=longest)
        return _Part(loops=(_Loop(part.may, None if most is None else most - least + 1),), must=must, may=part.may, longest=longest)


def is_slow(pattern: str, longest: int | None = None) -> bool:
    """Return whether Java can need more than half a second for one text.

    Args:
        pattern: A pattern that ``rule_pattern`` accepts otherwise.
        longest: Number of letters of the column's longest text, or None where only the size of a row bounds it.
    """
    return _Steps(pattern, min(longest or _LONGEST_TEXT, _LONGEST_TEXT)).counted() > _MOST_STEPS
