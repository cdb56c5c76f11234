"""Files inside ConfigMaps, as the programs that read them see them."""

from __future__ import annotations


def properties(text: str) -> dict[str, str]:
    """Keys and values of a property file or of ``postgresql.conf``; the last of a key's lines counts, comments do not."""
    lines = [line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith(("#", "!"))]
    return {key.strip(): value.strip() for key, _, value in lines}
