"""Places of credentials in a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.credentials.values import SHOWN_AS

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One credential in a text.

    Attributes:
        start: Position of its first character.
        end: Position behind its last one.
        sure: Whether it is certainly a credential; otherwise it is only hidden.
    """

    start: int
    end: int
    sure: bool = True


def masked(text: str, spans: Iterable[Span]) -> str:
    """Replace every span of a text by ``[secret]``; spans may overlap."""
    pieces: list[str] = []
    at = 0
    for span in sorted(spans):
        if span.end <= at:
            continue
        if span.start >= at:
            pieces += [text[at : span.start], SHOWN_AS]
        at = span.end
    return "".join((*pieces, text[at:]))
