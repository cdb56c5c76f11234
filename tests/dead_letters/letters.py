"""Dead letters as the sink writes them, and what the tests' registry knows."""

from __future__ import annotations

import json
from typing import Any

from pipeline.dlq.letter import Letter, Place, Record, letter

TOPIC = "postgres.public.orders"
SINK = "s3-sink-connector"
KEY_SCHEMA = {"type": "record", "name": "Key", "fields": [{"name": "id", "type": "int"}]}
VALUE_SCHEMA = {
    "type": "record",
    "name": "Value",
    "fields": [
        {"name": "id", "type": "int"},
        {"name": "shipping_address", "type": ["null", "string"], "default": None},
        {"name": "__op", "type": ["null", "string"], "default": None},
        {"name": "__source_lsn", "type": ["null", "long"], "default": None},
    ],
}
# id 7, address "10 Downing Street", operation c, position 100
KEY = b"\0\0\0\0\x05\x0e"
VALUE = b"\0\0\0\0\x06\x0e" + b"\x02\x2210 Downing Street" + b"\x02\x02c" + b"\x02\xc8\x01"
NO_AVRO = """\
org.apache.kafka.connect.errors.DataException: Failed
\tat A
Caused by: org.apache.kafka.common.errors.SerializationException: Unknown magic byte!
"""


def errors(topic: str = TOPIC, partition: int = 3, offset: int = 40, **more: str) -> tuple[tuple[str, bytes], ...]:
    """Return the headers that Connect adds."""
    texts = {
        "topic": topic,
        "partition": str(partition),
        "offset": str(offset),
        "connector.name": SINK,
        "stage": "VALUE_CONVERTER",
        "exception.class.name": "org.apache.kafka.connect.errors.DataException",
        "exception.message": "Failed to deserialize 10 Downing Street",
        "exception.stacktrace": NO_AVRO,
        **{name.replace("_", "."): text for name, text in more.items()},
    }
    return tuple((f"__connect.errors.{name}", text.encode()) for name, text in texts.items())


def record(offset: int, headers: Any = None, key: bytes | None = KEY, value: bytes | None = VALUE, partition: int = 0) -> Record:
    """Return a record of the dead-letter topic, with Connect's headers of another original record each unless others are given."""
    return Record(
        Place(partition, offset), 1_000 * offset, key, value, errors(offset=40 + offset + 1000 * partition) if headers is None else headers
    )


def dead(offset: int, **more: Any) -> Letter:
    """Return a dead letter."""
    return letter(record(offset, **more))


class Known:
    """A registry that knows the schemas 5 and 6, registered for the topic, and 8, registered for another."""

    def __init__(self) -> None:
        """Know them."""
        self.schemas: dict[int, Any] = {5: KEY_SCHEMA, 6: VALUE_SCHEMA, 8: VALUE_SCHEMA, 9: "string"}
        self.subjects = {(f"{TOPIC}-key", 5), (f"{TOPIC}-value", 6), (f"{TOPIC}-value", 9)}

    def schema(self, number: int) -> Any | None:
        """Return a schema as JSON gives it."""
        found = self.schemas.get(number)
        return None if found is None else json.loads(json.dumps(found))

    def has(self, subject: str, number: int) -> bool:
        """Return whether it is registered there."""
        return (subject, number) in self.subjects
