"""What stands for a value that only a deployment can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final


class Unknown:
    """A value that only a real deployment can tell; it cannot be counted, compared or printed by accident."""

    def __repr__(self) -> str:
        """Read like the note a preview prints."""
        return "(known after up)"


UNKNOWN: Final = Unknown()


def unknown_paths(value: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - anything as JSON knows it
    """Where in a value something is not known yet, as paths such as ``spec.containers[0].image``."""
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from unknown_paths(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        for index, item in enumerate(value):
            yield from unknown_paths(item, f"{path}[{index}]")
