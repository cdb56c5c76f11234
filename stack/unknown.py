"""Marker for values that are unknown until deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final


class Unknown:
    """A value that is unknown until deployment; it cannot be counted, compared or printed by accident."""

    def __repr__(self) -> str:
        """Return the note that a preview prints for such a value."""
        return "(known after up)"


UNKNOWN: Final = Unknown()

# Most values are these, and to ask whether one is a Mapping takes ten times as long.
_PLAIN: Final = (str, int, float, bytes, type(None))


def unknown_paths(value: Any, path: str = "") -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield the paths of unknown values, such as ``spec.containers[0].image``."""
    if isinstance(value, Unknown):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, _PLAIN):
                continue
            yield from unknown_paths(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence) and not isinstance(value, _PLAIN):
        for index, item in enumerate(value):
            if isinstance(item, _PLAIN):
                continue
            yield from unknown_paths(item, f"{path}[{index}]")
