"""Parser of the property files inside ConfigMaps."""

from __future__ import annotations


def properties(text: str) -> dict[str, str]:
    """Parse a property file or ``postgresql.conf``; the last line of a key counts, and comments are ignored."""
    lines = [line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith(("#", "!"))]
    return {key.strip(): value.strip() for key, _, value in lines}
