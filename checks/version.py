"""Versions as tools print them."""

from __future__ import annotations

import re

Version = tuple[int, ...]


def parsed(told: str) -> Version | None:
    """The first version number in a text: ``kind v0.30.0 go1.24`` is (0, 30, 0); None when there is none."""
    found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", told)
    return tuple(int(part) for part in found.groups() if part is not None) if found else None


def shown(version: Version) -> str:
    """A version as people write it."""
    return ".".join(map(str, version))
