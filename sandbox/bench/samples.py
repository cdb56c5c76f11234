"""Repeated measurements of one thing, and the few numbers that describe them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies, linear between neighbours.

    Args:
        values: At least one value, in any order.
        share: From 0, the least value, to 1, the greatest.

    Raises:
        ValueError: If there is no value, or no such share.
    """
    if not values or not 0 <= share <= 1:
        message = f"a quantile needs a value and a share from 0 to 1, not {len(values)} values and {share}"
        raise ValueError(message)
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below, above = math.floor(position), math.ceil(position)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


@dataclass(frozen=True, slots=True)
class Spread:
    """Distribution of measurements.

    Attributes:
        number: How many there are.
        median: The middle one.
        p95: The one that a twentieth of them exceeds.
        least: The smallest.
        greatest: The largest.
    """

    number: int
    median: float
    p95: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Describe at least one value."""
        return cls(len(values), quantile(values, 0.5), quantile(values, 0.95), min(values), max(values))
