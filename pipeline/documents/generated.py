"""Generated parts of documents: written between two markers, or compared with the existing text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Document:
    """A document with parts that are made from the code.

    Attributes:
        path: The file.
        fresh: Its text with fresh parts, from its text.
    """

    path: Path
    fresh: Callable[[str], str]


class PartError(Exception):
    """A part cannot be generated, or its markers are missing; the message contains the cure."""


def markers(name: str) -> tuple[str, str]:
    """Return the lines before and after a part."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def replaced(text: str, name: str, content: str) -> str:
    """Return the document with new content between a part's markers.

    Raises:
        PartError: If a marker is missing.
    """
    before, after = markers(name)
    head, begin, rest = text.partition(before)
    _, end, tail = rest.partition(after)
    if not begin or not end:
        message = f"the markers of the {name} are missing: add the lines {before} and {after} around its place"
        raise PartError(message)
    return f"{head}{begin}\n{content}\n{end}{tail}"
