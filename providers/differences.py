"""The difference of two plain values as property paths the CLI can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from providers.operations import Change

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_ABSENT = object()


def step(parent: str, key: str | int) -> str:
    """The path of a member: `columns[2]`, `columns[2].type`, `config["tasks.max"]`."""
    if isinstance(key, int):
        return f"{parent}[{key}]"
    if _WORD.match(key):
        return f"{parent}.{key}" if parent else key
    return f'{parent}["{key}"]'


def differences(old: object, new: object, path: str = "") -> Iterator[Change]:
    """Every leaf that was added, changed or removed, in a stable order; None counts as absent."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted(old.keys() | new.keys()):
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), step(path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from differences(before, after, step(path, index))
    else:
        before, after = old not in (_ABSENT, None), new not in (_ABSENT, None)
        if before and after and old != new:
            yield Change(path, "update")
        elif after and not before:
            yield Change(path, "add")
        elif before and not after:
            yield Change(path, "delete")
