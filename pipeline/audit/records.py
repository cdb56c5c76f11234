"""Kafka's records of one table as rows on disk, in the archive's types, and the dead letters that name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipeline.audit import avro
from pipeline.audit.avro import UnreadableError
from pipeline.audit.canonical import UncomparableError, from_avro
from pipeline.audit.spill import Spill
from pipeline.dlq.letter import REPLAYS_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from confluent_kafka import Message

    from pipeline.audit.registry import Registry
    from pipeline.audit.subject import Subject

ROW: Final = "row"
TOMBSTONE: Final = "tombstone"
TRUNCATE: Final = "t"
"""Operation of the mark of a TRUNCATE."""
UNREADABLE: Final = "unreadable"

_PLACE: Final = [pa.field("@partition", pa.int32()), pa.field("@offset", pa.int64())]
PLACES: Final = pa.schema(_PLACE)
ASIDE: Final = pa.schema([pa.field("@topic", pa.string()), *_PLACE])
_HEADER: Final = "__connect.errors."


def kafka_schema(subject: Subject) -> pa.Schema:
    """Return the columns of Kafka's side of a table."""
    own = [*_PLACE, pa.field("@form", pa.string()), pa.field("@comparable", pa.bool_()), pa.field("@again", pa.bool_())]
    return pa.schema([*own, *(pa.field(column.name, column.arrow) for column in subject.columns)])


class Records:
    """Writer of the records of one topic.

    Args:
        subject: The table.
        registry: Registry of the schemas.
        path: The file of the rows.
    """

    def __init__(self, subject: Subject, registry: Registry, path: Path) -> None:
        """Begin without rows."""
        self.spill = Spill(path, kafka_schema(subject))
        self._columns = subject.columns
        self._registry = registry
        self._decoders: dict[int, Callable[[bytes], tuple[list[Any], bool]] | None] = {}
        self._nothing = [None] * len(subject.columns)

    def take(self, message: Message) -> None:
        """Write one record.

        Raises:
            UnansweredError: If the registry does not answer.
            UnsupportedTypeError: If the topic's schema has a column that cannot become the archive's.
        """
        value = message.value()
        data = value.encode() if isinstance(value, str) else value
        place = (message.partition(), message.offset())
        # a dead letter that was put back is older than what its key has had since
        again = REPLAYS_HEADER in dict(message.headers() or [])
        if data is None:
            self.spill.add((*place, TOMBSTONE, False, again, *self._nothing))
            return
        try:
            values, comparable = self._decode(data)
        except UnreadableError:
            self.spill.add((*place, UNREADABLE, False, again, *self._nothing))
            return
        self.spill.add((*place, ROW, comparable, again, *values), 3 * len(data))

    def _decode(self, data: bytes) -> tuple[list[Any], bool]:
        number = avro.schema_id(data)
        if number not in self._decoders:
            self._decoders[number] = self._decoder(number)
        decode = self._decoders[number]
        if decode is None:
            message = f"the registry has no row's schema {number}"
            raise UnreadableError(message)
        return decode(data)

    def _decoder(self, number: int) -> Callable[[bytes], tuple[list[Any], bool]] | None:
        schema = self._registry.schema(number)
        if schema is None:
            return None
        read = avro.record(schema)
        fields = {field["name"]: (index, field["type"]) for index, field in enumerate(schema["fields"])}
        plan = [
            (fields[column.name][0], from_avro(column, fields[column.name][1])) if column.name in fields else (None, None)
            for column in self._columns
        ]

        def decode(data: bytes) -> tuple[list[Any], bool]:
            found, comparable = read(data), True
            values: list[Any] = []
            for index, convert in plan:
                value = None if index is None else found[index]
                if value is not None and convert is not None:
                    try:
                        value = convert(value)
                    except UncomparableError:
                        value, comparable = None, False
                values.append(value)
            return values, comparable

        return decode


def set_aside(message: Message) -> tuple[str, int, int] | None:
    """Return topic, partition and offset of the record that a dead letter stands for, or None if it names none."""
    # the client gives a list of pairs; its types allow a dictionary too
    headers = {name: value for name, value in dict(message.headers() or []).items() if name.startswith(_HEADER) and value is not None}
    try:
        topic, partition, offset = (_text(headers[f"{_HEADER}{part}"]) for part in ("topic", "partition", "offset"))
        return topic, int(partition), int(offset)
    except (KeyError, ValueError):
        return None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()
