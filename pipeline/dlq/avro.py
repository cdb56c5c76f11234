"""Avro's binary encoding, read by its schema (Apache Avro 1.11, specification): whether bytes are a value of it, and which."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER: Final = 5
_DEEPEST: Final = 100
_PRIMITIVES: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})
_LONGEST_VARINT: Final = 10


class AvroError(Exception):
    """The bytes are no value of the schema; the message holds none of them."""


def schema_id(data: bytes) -> int | None:
    """Return the schema id that stands before a value; None if the bytes do not begin as the registry's clients write them."""
    return int.from_bytes(data[1:_HEADER], "big") if len(data) >= _HEADER and data[0] == 0 else None


def decoded(data: bytes, schema: Any) -> Any:  # noqa: ANN401 - a schema is JSON, and a value is what it says
    """Return the value behind the schema id.

    Raises:
        AvroError: If the bytes are none, or the schema is.
    """
    reader = _Reader(data, _HEADER)
    try:
        return reader.value(schema, 0)
    except (KeyError, TypeError, IndexError, ValueError, struct.error) as error:
        message = f"cannot be read by its schema ({type(error).__name__})"
        raise AvroError(message) from None


@dataclass(slots=True)
class _Reader:
    """A position in bytes, and the named types that were met so far."""

    data: bytes
    at: int
    names: dict[str, Any] = field(default_factory=dict)

    def value(self, schema: Any, depth: int, space: str = "") -> Any:  # noqa: ANN401 - as above
        """Read a value of a schema; `space` is the namespace around it."""
        if depth > _DEEPEST:
            message = "is nested too deeply"
            raise AvroError(message)
        if isinstance(schema, list):
            return self.value(schema[self._index(len(schema))], depth + 1, space)
        if isinstance(schema, str):
            return self._primitive(schema) if schema in _PRIMITIVES else self.value(self._named(schema, space), depth + 1, space)
        return self._complex(schema["type"], schema, depth, space)

    def _complex(self, kind: Any, schema: Any, depth: int, space: str) -> Any:  # noqa: ANN401 - as above
        if isinstance(kind, (dict, list)):
            return self.value(kind, depth + 1, space)
        if kind in {"record", "error", "enum", "fixed"}:
            return self._of_name(kind, schema, depth, space)
        if kind == "array":
            return [self.value(schema["items"], depth + 1, space) for _ in self._items()]
        if kind == "map":
            return {self._text(): self.value(schema["values"], depth + 1, space) for _ in self._items()}
        return _logical(self.value(kind, depth + 1, space), schema)

    def _of_name(self, kind: str, schema: Any, depth: int, space: str) -> Any:  # noqa: ANN401 - as above
        space, _, name = f"{schema.get('namespace', space)}.{schema['name']}".strip(".").rpartition(".")
        self.names[f"{space}.{name}".strip(".")] = {**schema, "namespace": space}
        if kind == "enum":
            return schema["symbols"][self._index(len(schema["symbols"]))]
        if kind == "fixed":
            return _logical(self._taken(schema["size"]), schema)
        return {one["name"]: self.value(one["type"], depth + 1, space) for one in schema["fields"]}

    def _named(self, name: str, space: str) -> Any:  # noqa: ANN401 - as above
        return self.names.get(name) or self.names[f"{space}.{name}"]

    def _primitive(self, kind: str) -> Any:  # noqa: ANN401 - as above
        if kind == "null":
            return None
        if kind == "boolean":
            return bool((b"\0", b"\1").index(self._taken(1)))
        if kind in {"int", "long"}:
            return self._long()
        if kind in {"float", "double"}:
            return struct.unpack("<f" if kind == "float" else "<d", self._taken(4 if kind == "float" else 8))[0]
        return self._text() if kind == "string" else self._taken(self._long())

    def _text(self) -> str:
        return self._taken(self._long()).decode()

    def _index(self, size: int) -> int:
        index = self._long()
        if not 0 <= index < size:
            message = "chooses a branch or symbol that its schema does not have"
            raise AvroError(message)
        return index

    def _items(self) -> Iterator[None]:
        """Yield once for each item of an array or map, which is written in blocks, the last of them empty."""
        while count := self._long():
            if count < 0:
                count = -count
                self._long()
            if count > len(self.data):
                message = "announces more items than it has bytes"
                raise AvroError(message)
            for _ in range(count):
                yield

    def _long(self) -> int:
        found = 0
        for place in range(_LONGEST_VARINT):
            byte = self._taken(1)[0]
            found |= (byte & 0x7F) << (7 * place)
            if byte < 0x80:  # noqa: PLR2004 - the bit that announces another byte
                return (found >> 1) ^ -(found & 1)
        message = "holds a number without an end"
        raise AvroError(message)

    def _taken(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.data):
            message = "ends too early"
            raise AvroError(message)
        self.at += size
        return self.data[self.at - size : self.at]


def _logical(value: Any, schema: Any) -> Any:  # noqa: ANN401 - as above
    if schema.get("logicalType") == "decimal" and isinstance(value, bytes):
        return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-int(schema.get("scale", 0)))
    return value
