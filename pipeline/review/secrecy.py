"""Properties of a previewed resource without secrets, so that later code cannot print one.

Pulumi masks values that the program marks as secret. This module also hides every value with the name or the look of a credential: the
previewed change may be the very one that exposes a password.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from pipeline.review.texts import SHOWN_AS, names_a_secret, secret_words, text_without_secrets
from stack.configs.credentials.manifests import SECRETS
from stack.configs.credentials.names import opens_credentials, stands_beside
from stack.configs.credentials.values import is_referred
from stack.unknown import UNKNOWN, Unknown

# The engine's marker for a value that is unknown until deployment (sdk/go/common/resource/plugin/rpc.go, UnknownStringValue)
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# Key of an object that represents a special value (sdk/go/common/resource/sig/sig.go, Key)
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
# Value of that key for a secret (same file, Secret)
_SEALED: Final = "1b47061264138c4ac30d75fd1eb44270"
# Properties of a Secret that are hidden whole
_CLOSED: Final = {"data", "stringData", "items", "binaryData"}
# Annotations with an earlier manifest of their object, in any form: of kubectl, kapp, the operator SDK and Rancher
_LAST_APPLIED: Final = re.compile(r".*(last-applied|/original|/applied)[\w-]*")
# The provider's own copies of an object's properties, and the defaults that it has set
_COPIES: Final = {"__defaults", "__internal", "__inputs", "__initialApiVersion", "__fieldManager"}
# Names of the two fields of a pair, without case and underscores
_NAMES: Final = ("name", "key", "parametername", "parameterkey", "optionname", "variable", "header")
_VALUES: Final = ("value", "parametervalue", "optionvalue", "content")


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
    closed = _closed(kind.rpartition(":")[2], properties) | ({"value"} if properties.get("type") == "SecureString" else set())
    return {key: Hidden(value) if key in closed else _cleaned(key, value) for key, value in properties.items() if key not in _COPIES}


def _closed(kind: str, properties: Mapping[str, Any]) -> set[str]:
    """Return the properties of an object that are hidden whole: those of a Secret, at whatever depth it is described."""
    return _CLOSED if {kind, str(properties.get("kind"))} & SECRETS else set()


def _cleaned(key: str, value: Any, *, below: bool = False) -> Any:  # noqa: ANN401 - anything as JSON knows it
    """Clean one value; below the name of a credential, every literal is hidden that does not say who, what or where."""
    if _LAST_APPLIED.fullmatch(key) and isinstance(value, (str, Mapping, list)):
        return Hidden(value)
    below = (below or opens_credentials(key)) and not stands_beside(key)
    if isinstance(value, Mapping):
        return _object(value, below=below)
    if isinstance(value, list):
        return _list(key, value, below=below)
    if value is None or isinstance(value, bool) or value == _UNKNOWN:
        return UNKNOWN if value == _UNKNOWN else value
    if names_a_secret(key, value) or (below and not is_referred(value)):
        return Hidden(value)
    shown = text_without_secrets(value) if isinstance(value, str) else value
    return Hidden(value) if shown == SHOWN_AS else shown


def _object(value: Mapping[str, Any], *, below: bool) -> Any:  # noqa: ANN401 - as above
    if stands_for_a_value(value):
        return Hidden() if value[_SIGNATURE] == _SEALED else f"(a file: {value.get('path') or value.get('uri') or 'its content'})"
    closed = _closed("", value)
    cleaned_all = {
        key: Hidden(item) if key in closed else _cleaned(key, item, below=below) for key, item in value.items() if key not in _COPIES
    }
    fields = {key.lower().replace("_", ""): key for key in value if isinstance(key, str)}
    name = next((value[fields[field]] for field in _NAMES if isinstance(value.get(fields.get(field, "")), str)), None)
    held = next((fields[field] for field in _VALUES if field in fields), None)
    if held and value.get("type") == "SecureString":
        cleaned_all[held] = Hidden(value[held])
    elif held and name is not None and isinstance(value[held], (str, int, float)) and not isinstance(cleaned_all[held], Hidden):
        cleaned_all[held] = _cleaned(name, value[held], below=below)  # a variable of a container, or similar
    return cleaned_all


def _list(key: str, value: list[Any], *, below: bool) -> list[Any]:
    hidden = set(secret_words([item if isinstance(item, str) else "" for item in value]))
    return [Hidden(item) if at in hidden else _cleaned(key, item, below=below) for at, item in enumerate(value)]


def stands_for_a_value(item: Mapping[str, Any]) -> bool:
    """Tell whether an object represents a secret or a file, and has no properties of its own."""
    return _SIGNATURE in item


def is_open(value: object) -> bool:
    """Tell whether a cleaned value may be printed."""
    return not isinstance(value, (Hidden, Unknown))
