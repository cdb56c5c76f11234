"""Values inside a declaration, by their path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at(value: object, *path: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value at a path; None where a part of the path is missing or is no mapping."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
