"""Test of a letter before it is put back: what cannot pass would only become a second dead letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from pipeline.dlq.avro import AvroError, decoded, schema_id
from pipeline.dlq.causes import SPECIAL_VALUE, UNAVAILABLE_VALUE, cause

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pipeline.dlq.letter import Letter

MOST_REPLAYS: Final = 3
"""How often a record is put back unless more is asked for."""


class Schemas(Protocol):
    """Schemas by id, such as ``registry.Registry``."""

    def schema(self, number: int, /) -> Any | None:  # noqa: ANN401 - a schema is JSON
        """Return the schema of an id; None if the registry does not know it."""

    def has(self, subject: str, number: int, /) -> bool:
        """Return whether the schema of an id is registered under a subject."""


@dataclass(frozen=True, slots=True)
class Side:
    """Key or value of a letter, as the sink's converter would read it.

    Attributes:
        number: Schema id; None for bytes without one.
        schema: Schema of the id, where the registry knows it.
        content: Decoded value.
        fault: Reason why the converter would refuse it; empty if it would not.
    """

    number: int | None
    schema: Any = None
    content: Any = None
    fault: str = ""


def side(data: bytes, subject: str, schemas: Schemas) -> Side:
    """Read one side of a letter.

    Args:
        data: Key or value.
        subject: Subject under which the sink looks its schema up.
        schemas: The registry.
    """
    number = schema_id(data)
    if number is None:
        return Side(None, fault="bytes that are no Avro of a registry: they do not begin with a schema id")
    schema = schemas.schema(number)
    if schema is None:
        return Side(number, fault=f"schema id {number}, which the registry does not know")
    try:
        content = decoded(data, schema)
    except AvroError as error:
        return Side(number, schema, fault=f"bytes that are no value of schema id {number}: the value {error}")
    if not schemas.has(subject, number):
        return Side(number, schema, content, f"schema id {number}, which is not registered under {subject}, where the sink looks it up")
    return Side(number, schema, content)


def refusal(letter: Letter, schemas: Schemas, sinks: Mapping[str, Collection[str]], *, again: bool = False) -> str:
    """Return why a letter is not put back; empty if it is.

    Args:
        letter: The letter.
        schemas: The registry.
        sinks: Topics that each of the stack's sinks reads, by its connector; a table that has got a sink of its own has letters of both.
        again: True to put back what was put back often enough already.
    """
    origin = letter.origin
    if origin is None:
        return "it has no headers of Connect, so its topic is not known: drop it"
    if origin.connector not in sinks:
        return f"it was set aside by {origin.connector}, not by this stack's {' or '.join(sinks)}, which has archived it: drop it"
    if not any(origin.topic in topics for topics in sinks.values()):
        return f"its topic {origin.topic} is none that the sink reads: capture the table again, or drop it"
    if origin.exception in {SPECIAL_VALUE, UNAVAILABLE_VALUE}:
        return f"{cause(letter).words}: {cause(letter).step}"
    if letter.replays >= MOST_REPLAYS and not again:
        return f"it came back {letter.replays} times: mend its cause ('show' names it), then add --again"
    return next(filter(None, (_unreadable(name, data, origin.topic, schemas) for name, data in sides(letter))), "")


def sides(letter: Letter) -> list[tuple[str, bytes]]:
    """Return key and value of a letter by name, where it has them."""
    return [(name, data) for name, data in (("key", letter.record.key), ("value", letter.record.value)) if data is not None]


def _unreadable(name: str, data: bytes, topic: str, schemas: Schemas) -> str:
    found = side(data, f"{topic}-{name}", schemas)
    if found.fault:
        return f"its {name} holds {found.fault}"
    is_row = name == "key" or isinstance(found.content, dict)
    return "" if is_row else f"its value is no row: schema id {found.number} describes no record"
