"""Properties of a previewed resource without secrets, so that later code cannot print one.

Pulumi masks values that the program marks as secret. This module also hides every value with the name or the look of a credential: the
previewed change may be the very one that exposes a password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from review.texts import SHOWN_AS, names_a_secret, secret_words, text_without_secrets
from unknown import UNKNOWN, Unknown

# The engine's marker for a value that is unknown until deployment (sdk/go/common/resource/plugin/rpc.go, UnknownStringValue)
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# Key of an object that represents a special value (sdk/go/common/resource/sig/sig.go, Key)
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
# Value of that key for a secret (same file, Secret)
_SEALED: Final = "1b47061264138c4ac30d75fd1eb44270"
# Resource type to the properties that are hidden whole
_CLOSED: Final = {"kubernetes:core/v1:Secret": {"data", "stringData"}}


class Hidden:
    """A value that must not be printed, but can be compared."""

    __slots__ = ("_mark",)

    def __init__(self, value: object = "") -> None:
        """Store only a digest of the value."""
        self._mark = hashlib.sha256(repr(value).encode()).digest()

    def __repr__(self) -> str:
        """Return the mask that the CLI shows."""
        return SHOWN_AS

    def __eq__(self, other: object) -> bool:
        """Compare the hidden values, as far as they are known."""
        return isinstance(other, Hidden) and other._mark == self._mark

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self._mark)


def cleaned(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the unknown and secret values in a resource's properties by Unknown and Hidden.

    Args:
        kind: Type token of the resource.
        properties: Properties, as the CLI writes them.
    """
    closed = _CLOSED.get(kind, set())
    return {
        key: Hidden(value) if key in closed else _cleaned(key, value)
        for key, value in properties.items()
        if key not in {"__defaults", "__internal"}
    }


def _cleaned(key: str, value: Any) -> Any:  # noqa: ANN401 - anything as JSON knows it
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, list):
        return _list(key, value)
    if value == _UNKNOWN:
        return UNKNOWN
    if value is None or isinstance(value, bool):
        return value
    if names_a_secret(key, value):
        return Hidden(value)
    return text_without_secrets(value) if isinstance(value, str) else value


def _object(value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
    if _SIGNATURE in value:
        return Hidden() if value[_SIGNATURE] == _SEALED else f"(a file: {value.get('path') or value.get('uri') or 'its content'})"
    name, content = value.get("name"), value.get("value")
    if isinstance(name, str) and isinstance(content, (str, int, float)):  # a variable of a container, or similar
        return {**{key: _cleaned(key, item) for key, item in value.items()}, "value": _cleaned(name, content)}
    return {key: _cleaned(key, item) for key, item in value.items()}


def _list(key: str, value: list[Any]) -> list[Any]:
    hidden = set(secret_words([item if isinstance(item, str) else "" for item in value]))
    return [Hidden(item) if at in hidden else _cleaned(key, item) for at, item in enumerate(value)]


def is_open(value: object) -> bool:
    """Tell whether a cleaned value may be printed."""
    return not isinstance(value, (Hidden, Unknown))
