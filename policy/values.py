"""Conversion of the policy SDK's properties to plain Python.

The SDK's wrapper raises an error at any access to an unknown value and turns an uncaught one into a warning, so a mandatory rule would let
the resource pass. Here every such value becomes ``UNKNOWN`` in its place, so that a rule can continue and report it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi_policy.proxy import UnknownValueError

from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties without the SDK's wrappers; whole numbers, which the SDK passes as floats, become ``int``."""
    return {str(key): _read(lambda key=key: properties[key]) for key in properties}  # type: ignore[misc]


def _read(get: Callable[[], Any]) -> Any:  # noqa: ANN401 - any JSON value
    try:
        value = get()
    except UnknownValueError:
        return UNKNOWN
    if isinstance(value, (str, bytes, bool)):
        return value
    if isinstance(value, Mapping):
        return plain(value)
    if isinstance(value, Sequence):
        return [_read(lambda index=index: value[index]) for index in range(len(value))]  # type: ignore[misc]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
