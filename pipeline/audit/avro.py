"""Decoder of Avro records behind the header of a schema registry: as much of Avro as Connect's converter writes for rows."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Read = Callable[[bytes, int], tuple[Any, int]]

_HEADER: Final = struct.Struct("!bI")
_FLOAT: Final = struct.Struct("<f")
_DOUBLE: Final = struct.Struct("<d")


class UnreadableError(ValueError):
    """A value that is not what its schema says, or a schema of a form that rows do not have."""


def schema_id(value: bytes) -> int:
    """Return the registry's number of the schema of a value.

    Raises:
        UnreadableError: If the value does not begin as the registry's converter lets it.
    """
    if len(value) < _HEADER.size or value[0] != 0:
        message = "the value does not begin with the registry's header"
        raise UnreadableError(message)
    return int(_HEADER.unpack_from(value)[1])


def record(schema: Mapping[str, Any]) -> Callable[[bytes], list[Any]]:
    """Return a function that decodes a value of a record's schema: its fields' values, in the schema's order.

    Raises:
        UnreadableError: If the schema is no record of plain values. The function raises it for a value that does not fit.
    """
    if schema.get("type") != "record":
        message = f"a row's schema is a record, not {schema.get('type')!r}"
        raise UnreadableError(message)
    reads = [_reader(field["type"]) for field in schema["fields"]]

    def decode(value: bytes) -> list[Any]:
        at, values = _HEADER.size, []
        try:
            for read in reads:
                found, at = read(value, at)
                values.append(found)
        except (IndexError, struct.error, UnicodeDecodeError):
            message = "the value does not fit its schema"
            raise UnreadableError(message) from None
        if at != len(value):
            message = f"the value has {len(value) - at} bytes more than its schema"
            raise UnreadableError(message)
        return values

    return decode


def plain(schema: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the schema of a field's values without NULL."""
    if isinstance(schema, list):
        others = [branch for branch in schema if branch != "null" and not (isinstance(branch, dict) and branch.get("type") == "null")]
        return others[0] if len(others) == 1 else schema
    return schema


def _reader(schema: Any) -> Read:  # noqa: ANN401 - JSON
    if isinstance(schema, list):
        return _union([_reader(branch) for branch in schema])
    name = schema.get("type") if isinstance(schema, dict) else schema
    if isinstance(name, dict | list):
        return _reader(name)
    found = _PLAIN.get(str(name))
    if found is None:
        message = f"a row's value has no Avro type {name!r}"
        raise UnreadableError(message)
    return found


def _union(branches: Sequence[Read]) -> Read:
    def read(data: bytes, at: int) -> tuple[Any, int]:
        index, at = _long(data, at)
        if not 0 <= index < len(branches):
            raise IndexError
        return branches[index](data, at)

    return read


def _long(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    at += 1
    number, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
    return (number >> 1) ^ -(number & 1), at


def _null(_: bytes, at: int) -> tuple[None, int]:
    return None, at


def _boolean(data: bytes, at: int) -> tuple[bool, int]:
    return data[at] != 0, at + 1


def _float(data: bytes, at: int) -> tuple[float, int]:
    return _FLOAT.unpack_from(data, at)[0], at + 4


def _double(data: bytes, at: int) -> tuple[float, int]:
    return _DOUBLE.unpack_from(data, at)[0], at + 8


def _bytes(data: bytes, at: int) -> tuple[bytes, int]:
    length, at = _long(data, at)
    end = at + length
    if length < 0 or end > len(data):
        raise IndexError
    return data[at:end], end


def _string(data: bytes, at: int) -> tuple[str, int]:
    found, at = _bytes(data, at)
    return found.decode(), at


_PLAIN: Final[Mapping[str, Read]] = {
    "null": _null,
    "boolean": _boolean,
    "int": _long,
    "long": _long,
    "float": _float,
    "double": _double,
    "bytes": _bytes,
    "string": _string,
}
