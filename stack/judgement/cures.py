"""Cures that name another key, tried before they are shown: a misspelt key is renamed, and the stack judged again."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from stack.problem import Problem
from stack.settings.parsing import is_declared_default

if TYPE_CHECKING:
    from collections.abc import Collection

Judge = Callable[[Mapping[str, Any]], Sequence[Problem]]

# A refused key hides what later checks say about the others.
_ROUNDS: Final = 3
_ONE: Final = "remove one of the two"


def tried(problems: Sequence[Problem], values: Mapping[str, Any], judge: Judge) -> list[Problem]:
    """Return the problems of a stack with cures that are accepted when all of them are followed.

    Args:
        problems: Problems of the stack.
        values: One value per section.
        judge: Returns the problems of other values.
    """
    # others may be deeper than Python copies
    misspelt = {item.path.split(".")[0] for item in problems if item.meant}
    changed = {name: copy.deepcopy(value) if name in misspelt else value for name, value in values.items()}
    cures: dict[int, Problem] = {}
    open_ones: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
    for at, item in enumerate(problems):
        section = _section(changed, item) if item.meant else None
        spelt = _spelt(section or {}, item)
        if section is None or spelt is None:
            continue  # no other key is meant, or it stands in a file of its own
        value = section.pop(spelt)
        place = _place(item)
        if place in open_ones:
            other = problems[open_ones[place][0]]
            cures[at] = replace(item, cure=f"did you mean {item.meant}? {other.key or other.path} stands for it as well; {_ONE}")
        elif item.meant in section and not (section is changed and is_declared_default(item.meant, section[item.meant])):
            cures[at] = replace(item, cure=f"did you mean {item.meant}? It is written as well; {_ONE}")
        else:
            section[item.meant] = value
            open_ones[place] = (at, section)
    known = {one for one in problems if not one.meant}
    for _ in range(_ROUNDS):
        refused = _refusals([one for one in judge(changed) if one not in known], open_ones) if open_ones else {}
        for place, found in refused.items():
            at, section = open_ones.pop(place)
            section.pop(problems[at].meant)
            subject = "It" if _is_at(found, place) else found.path
            told = f"{found.rule}; {found.cure}" if found.cure else found.rule
            cures[at] = replace(problems[at], cure=f"did you mean {problems[at].meant}? {subject} {told}")
        if not refused:
            break
    return [cures.get(at, item) for at, item in enumerate(problems)]


def _place(item: Problem) -> tuple[str, str]:
    """Return the path and the key of what is meant, as a problem about it has them; PostgreSQL ignores the case of a key."""
    return (item.path, item.meant.lower()) if item.key else (".".join([*item.path.split(".")[:-1], item.meant]), "")


def _is_at(found: Problem, place: tuple[str, str]) -> bool:
    return (found.path, found.key.lower()) == place


def _refusals(found: Sequence[Problem], places: Collection[tuple[str, str]]) -> dict[tuple[str, str], Problem]:
    """Return the first problem about each place, about a setting below it, or about the section that it stands in."""
    first: dict[tuple[str, str], Problem] = {}
    sections: dict[str, list[tuple[str, str]]] = {}
    for place in places:
        parts = place[0].split(".")
        for end in range(1, len(parts) if not place[1] else 0):
            sections.setdefault(".".join(parts[:end]), []).append(place)
    for one in found:
        parts = one.path.split(".")
        about = [(one.path, one.key.lower()), *((".".join(parts[:end]), "") for end in range(1, len(parts) + 1))]
        for place in (*about, *(sections.get(one.path, ()) if not one.key else ())):
            if place in places:
                first.setdefault(place, one)
    return first


def _spelt(section: Mapping[str, Any], item: Problem) -> str | None:
    """Return the misspelt key as the section writes it."""
    if not item.key:
        return key if (key := item.path.rpartition(".")[2]) in section else None
    return next((key for key in section if key.lower() == item.key.lower()), None)


def _section(values: Any, item: Problem) -> dict[str, Any] | None:  # noqa: ANN401 - any value of a stack file
    """Return the section with the key of a problem, or None where the values do not show it."""
    parts = item.path.split(".")
    for part in parts if item.key else parts[:-1]:
        if isinstance(values, list) and part.isdecimal() and int(part) < len(values):
            values = values[int(part)]
        else:
            values = values.get(part) if isinstance(values, dict) else None
    return values if isinstance(values, dict) else None
