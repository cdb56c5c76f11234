"""The two spellings of a property: ``bootstrap_servers`` in a program, ``bootstrapServers`` at the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = TypeVar("Value")


def camel(name: str) -> str:
    """The engine's spelling of a Python name."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def given(inputs: Mapping[str, Value | None]) -> dict[str, Value]:
    """The inputs somebody set."""
    return {name: value for name, value in inputs.items() if value is not None}
