"""Property files inside ConfigMaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared


def properties(text: str) -> dict[str, str]:
    """Parse a property file or ``postgresql.conf``; the last line of a key counts, and comments are ignored."""
    lines = [line.partition("=") for line in text.splitlines() if "=" in line and not line.lstrip().startswith(("#", "!"))]
    return {key.strip(): value.strip() for key, _, value in lines}


def with_key(resource: Declared, key: str, parse: Callable[[str], dict[str, str]] = properties) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the name and the properties of each file in a ConfigMap that sets a key."""
    data = resource.inputs.get("data")
    if resource.is_kubernetes and resource.kind == "ConfigMap" and isinstance(data, Mapping):
        for name, text in data.items():
            parsed = parse(str(text))
            if key in parsed:
                yield str(name), parsed
