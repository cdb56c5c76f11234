"""Compatibility of successive Avro schemas at each level of a registry.

Apache's own library decides which data a schema reads. The registry's levels are relations between the new schema and the last one, or,
with ``_TRANSITIVE``, all earlier ones. A test compares the verdict with a registry's (tests/ddl/test_registry_agrees.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.ddl.avro_schemas import Schema


class Level(StrEnum):
    """Level of a registry, or of one of its subjects."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    FORWARD = "FORWARD"
    FULL = "FULL"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def is_transitive(self) -> bool:
        """True if all earlier schemas count, and not the last one only."""
        return self.endswith("_TRANSITIVE")

    @property
    def new_reads_old(self) -> bool:
        """True if the new schema must read what was written with an earlier one."""
        return self.startswith(("BACKWARD", "FULL"))

    @property
    def old_reads_new(self) -> bool:
        """True if an earlier schema must read what is written with the new one."""
        return self.startswith(("FORWARD", "FULL"))


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field for which a level refuses a schema.

    Attributes:
        field: Its name; empty for the schema as a whole.
        reason: Why, in a sentence without a full stop.
        backward: Whether it is the new schema that cannot read; otherwise an earlier one.
    """

    field: str
    reason: str
    backward: bool


def accepts(level: Level, new: Schema, earlier: Sequence[Schema]) -> bool:
    """Return whether a registry takes a schema.

    Args:
        level: The subject's level.
        new: The schema.
        earlier: Those that the subject has, the oldest first.
    """
    return not conflicts(level, new, earlier)


def conflicts(level: Level, new: Schema, earlier: Sequence[Schema]) -> list[Conflict]:
    """Return why a registry refuses a schema; nothing where it takes it. See ``accepts``."""
    found: list[Conflict] = []
    for old in earlier if level.is_transitive else earlier[-1:]:
        if level.new_reads_old and not reads(new, old):
            found += _named(new, old, backward=True)
        if level.old_reads_new and not reads(old, new):
            found += _named(old, new, backward=False)
    return list(dict.fromkeys(found))


def least(new: Schema, old: Schema) -> Level:
    """Return the strictest level that is not transitive and takes a schema after another."""
    return next(level for level in (Level.FULL, Level.BACKWARD, Level.FORWARD, Level.NONE) if accepts(level, new, [old]))


def reads(reader: Schema, writer: Schema) -> bool:
    """Return whether data that was written with one schema can be read with another."""
    return _can_read(*map(_parsed, _shortened(reader, writer)))


def _shortened(reader: Schema, writer: Schema) -> tuple[Schema, Schema]:
    """Return two records without the fields that both have alike, which each reads from the other; a table has hundreds of them."""
    if not (_is_record(reader) and _is_record(writer)):
        return reader, writer
    sides = [{field["name"]: field for field in schema["fields"]} for schema in (reader, writer)]
    alike = {name for name, field in sides[0].items() if field == sides[1].get(name) and _names_nothing(field["type"])}
    short = [{**schema, "fields": [field for field in schema["fields"] if field["name"] not in alike]} for schema in (reader, writer)]
    return short[0], short[1]


def _names_nothing(schema: Any) -> bool:  # noqa: ANN401 - a schema as JSON has it
    """Return whether a type defines no name that another field could use."""
    if isinstance(schema, list):
        return all(map(_names_nothing, schema))
    # another word is a name that a field elsewhere defines
    return (schema["type"] if isinstance(schema, dict) else schema) in _PRIMITIVE


def _parsed(schema: Any) -> avro.schema.Schema:  # noqa: ANN401 - a schema as JSON has it
    return avro.schema.parse(json.dumps(schema))


def _can_read(reader: avro.schema.Schema, writer: avro.schema.Schema) -> bool:
    checker = ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call]
    found = checker.get_compatibility(reader, writer)
    return found.compatibility is SchemaCompatibilityType.compatible


_SHOWN: Final = 60
_PRIMITIVE: Final = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


def _named(reader: Schema, writer: Schema, *, backward: bool) -> Iterator[Conflict]:
    """Yield a conflict for each field that cannot be read, or one for the schema as a whole."""
    if not (_is_record(reader) and _is_record(writer)):
        yield Conflict("", "the two are different types", backward)
        return
    written = {field["name"]: field for field in writer["fields"]}
    who, other = ("the new schema", "earlier rows") if backward else ("the earlier schema", "new rows")
    told = 0
    for field in reader["fields"]:
        there = written.get(field["name"])
        if there is None:
            if "default" not in field:
                told += 1
                yield Conflict(field["name"], f"{who} requires it, {other} lack it, and it has no default", backward)
        elif not reads(field["type"], there["type"]):
            told += 1
            yield Conflict(field["name"], f"{who} has {_shown(field['type'])}, and {other} have {_shown(there['type'])}", backward)
    if not told:
        yield Conflict("", "the records have different names", backward)


def _is_record(schema: Any) -> bool:  # noqa: ANN401 - a schema as JSON has it
    return isinstance(schema, dict) and schema.get("type") == "record"


def _shown(schema: Any) -> str:  # noqa: ANN401 - a schema as JSON has it
    if isinstance(schema, list):
        return " or ".join(map(_shown, schema))
    if isinstance(schema, dict):
        return str(schema.get("logicalType") or schema.get("type"))[:_SHOWN]
    return str(schema)
