"""Properties as the policy SDK hands them over, as plain Python.

The SDK's wrapper raises at any touch of a value that is not known yet, and turns what escapes into a warning: a mandatory rule would let
the resource pass. Here every such value becomes UNKNOWN, in its place, so that a rule can go on and say what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_policy.proxy import UnknownValueError

from unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Properties without the SDK's wrappers; whole numbers become ``int``, which travel as floats."""
    return {str(key): _read(lambda key=key: properties[key]) for key in properties}  # type: ignore[misc]


def _read(get: Callable[[], Any]) -> Any:  # noqa: ANN401 - anything as JSON knows it
    try:
        value = get()
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [_read(lambda index=index: value[index]) for index in range(len(value))]  # type: ignore[misc]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
