"""Rules for keys that name tables of the stack: each must be a captured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.nearest import nearest
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from stack.settings.model import Settings


def captured_problems(settings: Settings) -> list[Problem]:
    """Return every name of a table that the stack does not capture."""
    return [
        *_uncaptured(settings, "quality.owners", settings.quality.owners),
        *_uncaptured(settings, "logs.readsOf", settings.logs.reads_of),
    ]


def _uncaptured(settings: Settings, path: str, names: Iterable[str]) -> Iterator[Problem]:
    captured = [table.qualified for table in settings.source.tables]
    for name in names:
        if name not in captured:
            meant = nearest(name, captured)
            cure = f"write {meant}" if meant else f"name one of {', '.join(captured[:10])}, or remove it"
            yield Problem(path=path, rule=f"names {name}, which the stack does not capture", cure=cure)
