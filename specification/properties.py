"""Java property files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def properties_text(values: Mapping[str, str]) -> str:
    """One ``key=value`` line for each, sorted, so that the text changes only when a value does.

    Raises:
        ValueError: If a value holds a line break or a backslash, which the format would read as something else.
    """
    for key, value in values.items():
        if "\n" in value or "\\" in value:
            message = f"the value of {key} holds a line break or a backslash and would change its meaning in a property file"
            raise ValueError(message)
    return "".join(f"{key}={values[key]}\n" for key in sorted(values))
