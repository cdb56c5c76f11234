"""The two spellings of a property: ``bootstrap_servers`` in a program, ``bootstrapServers`` in the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")


def camel(name: str) -> str:
    """Convert a Python name to the engine's spelling."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def given(inputs: Mapping[str, Value | None]) -> dict[str, Value]:
    """Return the inputs that are set."""
    return {name: value for name, value in inputs.items() if value is not None}
