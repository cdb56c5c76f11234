"""Property values on the wire between program and monitor, and as plain Python.

On the wire a secret is an object with a signature, an unknown value is a fixed text, and every number is a float. Inside this project a
value is plain Python, with the paths of its secrets stored separately.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

from stack.unknown import UNKNOWN, Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A JSON value, which may contain UNKNOWN.
Json: TypeAlias = Any

_SIGNATURE: Final = rpc._special_sig_key  # noqa: SLF001 - the SDK does not publish these signatures
_SECRET: Final = rpc._special_secret_sig  # noqa: SLF001 - as above
_RESOURCE: Final = rpc._special_resource_sig  # noqa: SLF001 - as above
_FILES: Final = (rpc._special_asset_sig, rpc._special_archive_sig)  # noqa: SLF001 - as above


class UnreadableValueError(TypeError):
    """The program passes a value that is not supported, such as a file asset in the sandbox."""


def plain(message: struct_pb2.Struct, *, files: bool = False) -> tuple[dict[str, Any], frozenset[str]]:
    """Convert wire properties to plain Python and the set of secret paths, such as ``data.password`` or ``list[0]``.

    Whole numbers become ``int``; an unknown becomes ``UNKNOWN``.

    Args:
        message: The properties.
        files: Whether assets and archives are allowed, whose content is unknown here.

    Raises:
        UnreadableValueError: For assets and archives that are not allowed.
    """
    secrets: set[str] = set()
    fields = json_format.MessageToDict(message)
    return {key: _plain(value if files else _without_files(value, key), key, secrets) for key, value in fields.items()}, frozenset(secrets)


def _without_files(value: Json, path: str) -> Json:
    """Return a value without assets and archives."""
    if isinstance(value, dict) and value.get(_SIGNATURE) in _FILES:
        message = f"{path} is an asset or an archive; only plain values, secrets and resources are supported"
        raise UnreadableValueError(message)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        _without_files(item, f"{path}.{key}" if isinstance(value, dict) else f"{path}[{key}]")
    return value


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
    return UNKNOWN  # an asset or an archive


def wire(properties: Mapping[str, Any], secret: Iterable[str] = ()) -> struct_pb2.Struct:
    """Convert plain properties to wire properties; the top-level keys in ``secret`` are marked as secrets."""
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
    """Return whether the value contains an unknown."""
    return any(True for _ in unknown_paths(value))
