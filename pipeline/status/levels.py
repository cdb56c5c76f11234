"""Levels of what is not as it has to be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad something is; the value is the exit code."""

    HEALTHY = 0
    LATE = 1
    LOST = 2
    SILENT = 3


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that is not as it has to be.

    Attributes:
        level: How bad.
        hop: Where: ``Database``, ``Kafka``, ``Archive`` or ``Schemas``.
        text: What, with the figures.
        next: Command that comes next.
    """

    level: Level
    hop: str
    text: str
    next: str
