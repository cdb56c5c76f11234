"""Choice of dead letters by position, topic or cause."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.dlq.letter import Letter

_POSITION: Final = re.compile(r"(\d{1,9}):(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)


class SelectionError(Exception):
    """The choice is none; the message names the word and the cure."""


@dataclass(frozen=True, slots=True)
class Span:
    """Positions ``first`` to ``last`` of one partition, both included."""

    partition: int
    first: int
    last: int

    @classmethod
    def of(cls, text: str) -> Span:
        """Read ``PARTITION:OFFSET`` or ``PARTITION:FIRST-LAST``.

        Raises:
            SelectionError: If it is neither.
        """
        found = _POSITION.fullmatch(text)
        if not found or int(found[3] or found[2]) < int(found[2]):
            message = f"{text!r} is no position: write PARTITION:OFFSET or PARTITION:FIRST-LAST, such as 0:12 or 0:12-20, as 'list' shows"
            raise SelectionError(message)
        return cls(int(found[1]), int(found[2]), int(found[3] or found[2]))

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.partition}:{self.first}" + (f"-{self.last}" if self.last > self.first else "")

    def has(self, letter: Letter) -> bool:
        """Return whether a letter stands in it."""
        return letter.place.partition == self.partition and self.first <= letter.place.offset <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which letters a command is about; what is given together must hold together.

    Attributes:
        spans: Positions, of which one must hold; none for all.
        topic: Original topic; empty for all.
        cause: Stage or class of the error, with or without its package; empty for all.
        everything: True if all letters were asked for.
    """

    spans: tuple[Span, ...] = ()
    topic: str = ""
    cause: str = ""
    everything: bool = False

    def __post_init__(self) -> None:
        """Refuse a choice of nothing, and one that contradicts itself."""
        some = bool(self.spans or self.topic or self.cause)
        if not some and not self.everything:
            message = "no dead letter is chosen: give positions, --topic, --cause or --all"
            raise SelectionError(message)
        if some and self.everything:
            message = "--all and a narrower choice contradict each other: leave one out"
            raise SelectionError(message)

    def chosen(self, letters: Sequence[Letter]) -> list[Letter]:
        """Return the letters that are meant.

        Raises:
            SelectionError: If a position holds no dead letter.
        """
        for span in self.spans:
            if not any(span.has(one) for one in letters):
                message = f"there is no dead letter at {span}: 'list' shows the positions"
                raise SelectionError(message)
        return [one for one in letters if self._has(one)]

    def _has(self, letter: Letter) -> bool:
        if self.spans and not any(span.has(letter) for span in self.spans):
            return False
        origin = letter.origin
        if self.topic and (origin is None or origin.topic != self.topic):
            return False
        return not self.cause or (origin is not None and self.cause in {*letter.cause, origin.exception, *origin.chain})


def spans(offsets: Sequence[int]) -> list[str]:
    """Return offsets in their order as ``FIRST-LAST`` where they are neighbours."""
    runs: list[list[int]] = []
    for offset in sorted(offsets):
        if runs and offset == runs[-1][-1] + 1:
            runs[-1][1:] = [offset]
        else:
            runs.append([offset])
    return ["-".join(map(str, run)) for run in runs]
