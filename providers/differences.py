"""Differences of two plain values, as property paths for the CLI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from providers.operations import Change

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# Marker of a missing member; to the engine, a property without a value is missing too
ABSENT = None


def step(parent: str, key: str | int) -> str:
    """Return the path of a member: ``columns[2]``, ``columns[2].type``, ``config["tasks.max"]``."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    if _WORD.match(key):
        return f"{parent}.{key}" if parent else key
    return f'{parent}["{key}"]'


def pairs(old: object, new: object, path: str = "") -> Iterator[tuple[str, object, object]]:
    """Yield path, old and new value of every addition, change and removal, as deep as both sides go, in a stable order."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from pairs(old.get(key, ABSENT), new.get(key, ABSENT), step(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else ABSENT
            after = new[index] if index < len(new) else ABSENT
            yield from pairs(before, after, step(path, index))
    elif old != new:
        yield path, old, new


def differences(old: object, new: object, path: str = "") -> Iterator[Change]:
    """Yield every added, changed and removed leaf, in a stable order; None counts as absent."""
    for place, before, after in pairs(old, new, path):
        yield Change(place, "add" if before is ABSENT else "delete" if after is ABSENT else "update")
