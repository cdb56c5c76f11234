"""Property values as they travel between the program and its monitor, and as plain Python.

On the wire a secret is an object with a signature, a value that is not known yet is a fixed text, and every number is a
float. Inside this project a value is plain Python, and the paths of what was secret are kept beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from unknown import UNKNOWN, Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A value as JSON knows it, or `UNKNOWN` somewhere inside.
Json: TypeAlias = Any

_SIGNATURE: Final = rpc._special_sig_key  # noqa: SLF001 the SDK names these signatures nowhere in public
_SECRET: Final = rpc._special_secret_sig  # noqa: SLF001
_RESOURCE: Final = rpc._special_resource_sig  # noqa: SLF001


class UnreadableValueError(TypeError):
    """The program passed something that neither the plan nor the sandbox can carry, such as a file asset."""


def plain(message: struct_pb2.Struct) -> tuple[dict[str, Any], frozenset[str]]:
    """Turn wire properties into plain Python and the set of secret paths, such as `data.password` or `list[0]`.

    Whole numbers become `int`; an unknown becomes `UNKNOWN`. Raises UnreadableValueError for assets and archives.
    """
    secrets: set[str] = set()
    fields = json_format.MessageToDict(message)
    return {key: _plain(value, key, secrets) for key, value in fields.items()}, frozenset(secrets)


def _plain(value: Json, path: str, secrets: set[str]) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value == rpc.UNKNOWN:
        return UNKNOWN
    if isinstance(value, list):
        return [_plain(item, f"{path}[{index}]", secrets) for index, item in enumerate(value)]
    if isinstance(value, dict):
        return _plain_object(value, path, secrets)
    return value


def _plain_object(value: dict[str, Any], path: str, secrets: set[str]) -> Json:
    signature = value.get(_SIGNATURE)
    if signature is None:
        return {key: _plain(item, f"{path}.{key}", secrets) for key, item in value.items()}
    if signature == _SECRET:
        secrets.add(path)
        return _plain(value["value"], path, secrets)
    if signature == _RESOURCE:
        return value.get("id") or value["urn"]
    message = f"{path} is an asset or an archive; only plain values, secrets and resources are carried"
    raise UnreadableValueError(message)


def wire(properties: Mapping[str, Any], secret: Iterable[str] = ()) -> struct_pb2.Struct:
    """Turn plain properties into wire properties; the top-level keys named in `secret` are marked as such."""
    hidden = frozenset(secret)
    message = struct_pb2.Struct()
    message.update({key: _mark(value) if key in hidden else _wire(value) for key, value in properties.items()})
    return message


def _mark(value: Json) -> dict[str, Any]:
    return {_SIGNATURE: _SECRET, "value": _wire(value)}


def _wire(value: Json) -> Json:
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wire(item) for item in value]
    return value


def has_unknown(value: Json) -> bool:
    """Tell whether anything inside the value is not known yet."""
    return any(True for _ in unknown_paths(value))
