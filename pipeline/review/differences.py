"""Line-by-line diff of each resource."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final

from pipeline.review.document import Diff
from pipeline.review.secrecy import is_open
from pipeline.review.texts import SHOWN_AS
from pipeline.review.values import changed_pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.review.step import Fate, Step

_SIGNS: Final[dict[Fate, str]] = {"create": "+", "delete": "-", "replace": "!", "update": "!", "forget": "-", "same": " "}
_ORDER: Final[tuple[Fate, ...]] = ("delete", "forget", "replace", "update", "create", "same")
# Limit of changed lines for one file in a ConfigMap; the pull request shows the rest
_FILE_LINES: Final = 40
_PUNCTUATION = re.compile(r"[\[\]\".]+")


def resource_diff(steps: Iterable[Step]) -> Diff:
    """Return one text for each resource, deletions first."""
    ordered = sorted(steps, key=lambda step: (_ORDER.index(step.fate), step.type, step.name))
    return Diff(tuple("\n".join(_of(step)) for step in ordered))


def _of(step: Step) -> Iterator[str]:
    because = f", because of {', '.join(step.reasons)}" if step.fate == "replace" and step.reasons else ""
    yield f"{_SIGNS[step.fate]} {step.fate} {step.title} ({step.type} {step.name}){because}"
    if step.fate not in ("update", "replace"):
        return
    yield from _lines(step) or ["!     the difference is unknown until the update"]


def _lines(step: Step) -> list[str]:
    lines: list[str] = []
    reported = [_steps(path) for path in step.paths]
    seen = []
    for path, old, new in step.differences():
        if not reported or any(_meet(_steps(path), other) for other in reported):  # the provider knows which spellings mean the same
            seen.append(_steps(path))
            lines += _of_leaf(path, old, new)
    unseen = [path for path in step.paths if not any(_meet(_steps(path), other) for other in seen)]
    return [*lines, *(f"!     {path}: {SHOWN_AS}, or visible to the provider only" for path in unseen)]


def _steps(path: str) -> str:
    """Convert a path to one spelling: providers write ``a["b"].c`` and ``a.b.c`` for the same property."""
    return _PUNCTUATION.sub(".", path).strip(".") + "."


def _meet(one: str, other: str) -> bool:
    """Tell whether one path equals or contains the other."""
    return one.startswith(other) or other.startswith(one)


def _of_leaf(path: str, old: object, new: object) -> Iterator[str]:
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield f"!     {path}:"
        lines = [
            line
            for line in difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
            if line[:2] not in ("--", "++", "@@")
        ]
        yield from (f"{line[0]}       {line[1:]}" for line in lines[:_FILE_LINES])
        if len(lines) > _FILE_LINES:
            yield f"!       and {len(lines) - _FILE_LINES} more lines"
        return
    before, after = changed_pair(old, new)
    if old is not None:
        yield f"-     {path}: {before}"
    if new is not None:
        yield f"+     {path}: {after}" + ("" if is_open(old) or before != after else " (changed)")
