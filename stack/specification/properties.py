"""Java property files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def properties_text(values: Mapping[str, str]) -> str:
    """Return one ``key=value`` line per key, sorted, so that the text changes only with a value.

    Raises:
        ValueError: If a value contains a line break or a backslash, which the format interprets.
    """
    for key, value in values.items():
        if "\n" in value or "\\" in value:
            message = f"the value of {key} contains a line break or a backslash, which would change its meaning in a property file"
            raise ValueError(message)
    return "".join(f"{key}={values[key]}\n" for key in sorted(values))
