"""Positions of PostgreSQL's write-ahead log, as numbers and as PostgreSQL spells them."""

from __future__ import annotations


def lsn_text(lsn: int) -> str:
    """Return a position of the write-ahead log as PostgreSQL spells it."""
    return f"{lsn >> 32:X}/{lsn & 0xFFFFFFFF:X}"


def lsn_number(text: str) -> int:
    """Return the number of a position of the write-ahead log."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)
