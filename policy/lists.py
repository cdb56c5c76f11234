"""Values of a declaration that may be a list, a single value, or absent."""

from __future__ import annotations

from typing import Any


def listed(value: object) -> list[Any]:
    """Return a list as it is, a single value as a list of one, and nothing as an empty list."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def items_of(value: object) -> list[Any]:
    """Return the items of a list; none of anything else, which the API server refuses."""
    return list(value) if isinstance(value, (list, tuple)) else []
