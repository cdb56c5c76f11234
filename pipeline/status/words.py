"""Sizes and times as people read them, and commands as they type them; pure."""

from __future__ import annotations

from typing import Final

from stack.capacity.quantity import MIB

_GIB: Final = 1024 * MIB
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"))


def bytes_(size: int) -> str:
    """Return a size in MiB or GiB."""
    return f"{size / _GIB:.1f} GiB" if size >= _GIB else f"{size / MIB:.1f} MiB"


def byte_rate(rate: float) -> str:
    """Return bytes per second in KiB, MiB or GiB."""
    return f"{bytes_(round(rate)) if rate >= MIB else f'{rate / 1024:.1f} KiB'}/s"


def span(seconds: float) -> str:
    """Return a time span in the largest unit of which there are at least two, else in seconds."""
    for length, unit in _UNITS:
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{seconds:.0f} s"


def command(words: str, stack: str) -> str:
    """Return a command line of this project for a stack."""
    return f".venv/bin/python -m pipeline {words} --stack {stack}"
