"""Conversion between the engine's property values and plain Python values.

Unknown values arrive and leave as sentinel strings (the SDK cannot marshal its own ``Computed``); secrets are unwrapped
on arrival and wrapped again by path on departure; whole numbers arrive and leave as floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import rpc

from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from providers.operations import Plain

_SENTINELS = frozenset(value for name, value in vars(rpc).items() if name.startswith("UNKNOWN") and isinstance(value, str))

Path = tuple[str | int, ...]


def plain(value: PropertyValue) -> Any:  # noqa: ANN401 - JSON
    """Convert a property value to a plain one, secrets unwrapped."""
    inner = value.value
    if isinstance(inner, str):
        return UNKNOWN if inner in _SENTINELS else inner
    if isinstance(inner, float):
        return int(inner) if inner.is_integer() else inner
    if isinstance(inner, Mapping):
        return {key: plain(item) for key, item in inner.items()}
    if isinstance(inner, tuple):
        return [plain(item) for item in inner]
    if inner is None or isinstance(inner, bool):
        return inner
    return UNKNOWN


def plain_map(values: Mapping[str, PropertyValue]) -> Plain:
    """Convert a resource's properties to plain values."""
    return {key: plain(value) for key, value in values.items()}


def secret_paths(values: Mapping[str, PropertyValue]) -> frozenset[Path]:
    """Return the paths of the secrets."""
    return frozenset(_paths(PropertyValue(dict(values)), ()))


def secret_strings(values: Mapping[str, PropertyValue]) -> frozenset[str]:
    """Return every string inside a secret, to blank it in messages."""
    return frozenset(_strings(PropertyValue(dict(values)), secret=False))


def wrapped_map(values: Plain, secrets: Iterable[Path] = ()) -> dict[str, PropertyValue]:
    """Convert plain properties to the engine's values, secret at the paths ``secrets``."""
    marks = frozenset(secrets)
    return {key: _wrapped(value, (key,), marks) for key, value in values.items()}


def _wrapped(value: object, path: Path, secrets: frozenset[Path]) -> PropertyValue:
    secret = path in secrets
    if value is UNKNOWN:
        return PropertyValue(rpc.UNKNOWN, is_secret=secret)
    if isinstance(value, Mapping):
        return PropertyValue({key: _wrapped(item, (*path, key), secrets) for key, item in value.items()}, is_secret=secret)
    if isinstance(value, list):
        return PropertyValue([_wrapped(item, (*path, index), secrets) for index, item in enumerate(value)], is_secret=secret)
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value), is_secret=secret)
    if value is None or isinstance(value, bool | float | str):
        return PropertyValue(value, is_secret=secret)
    message = f"cannot pass a {type(value).__name__} to the engine"
    raise TypeError(message)


def _paths(value: PropertyValue, path: Path) -> Iterable[Path]:
    if value.is_secret:
        yield path
    for key, item in _members(value):
        yield from _paths(item, (*path, key))


def _strings(value: PropertyValue, *, secret: bool) -> Iterable[str]:
    secret = secret or value.is_secret
    if secret and isinstance(value.value, str) and value.value not in _SENTINELS:
        yield value.value
    for _, item in _members(value):
        yield from _strings(item, secret=secret)


def _members(value: PropertyValue) -> Iterable[tuple[str | int, PropertyValue]]:
    if isinstance(value.value, Mapping):
        return value.value.items()
    if isinstance(value.value, Sequence) and not isinstance(value.value, str):
        return enumerate(value.value)
    return ()
