"""Version numbers in the output of tools."""

from __future__ import annotations

import re

Version = tuple[int, ...]


def parsed(text: str) -> Version | None:
    """Return the first version number in a text, (0, 30, 0) for ``kind v0.30.0 go1.24``; None when there is none."""
    match = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part is not None) if match else None


def shown(version: Version) -> str:
    """Return a version in dotted form."""
    return ".".join(map(str, version))
