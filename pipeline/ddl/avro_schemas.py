"""Schemas that the source registers for a table: those of the key and of the value, by the model of the table.

A test compares them with what Debezium and Confluent's converter make of real tables (tests/images/test_avro_schemas.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.settings.tables import METADATA_COLUMNS
from stack.specification.streaming.debezium import ADDED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

Schema = dict[str, Any]
"""An Avro schema as JSON has it."""

_DECIMAL: Final = re.compile(r"decimal\((\d+),(\d+)\)")
_PLAIN: Final = {
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "double",
    "boolean": "boolean",
    "string": "string",
    "binary": "bytes",
    "timestamp": "string",
    "timestamptz": "string",
}
# A default of each Avro type; which one makes no difference to who may read whom
_EMPTY: Final = {"int": 0, "long": 0, "float": 0.0, "double": 0.0, "boolean": False, "string": "", "bytes": "\u0000"}
# Columns of the change that the source adds; the sink adds the others behind the registry
_ADDED: Final = ("__deleted", *(f"__{field.replace('.', '_')}" for field in ADDED_FIELDS))
_METADATA: Final = dict(METADATA_COLUMNS)


@dataclass(frozen=True, slots=True)
class Field:
    """A column as the registry's schema has it.

    Attributes:
        name: Name in the archive.
        archived: Iceberg type of the column.
        nullable: Whether it allows NULL.
        default: Whether the schema has a default for a column that is NOT NULL.
    """

    name: str
    archived: str
    nullable: bool
    default: bool = False


def avro_type(archived: str) -> Any:  # noqa: ANN401 - a word, or a schema
    """Return the Avro type of a column.

    Args:
        archived: Iceberg type of the column.
    """
    if archived == "date":
        return {"type": "int", "logicalType": "date"}
    decimal = _DECIMAL.fullmatch(archived)
    if decimal:
        return {"type": "bytes", "logicalType": "decimal", "precision": int(decimal[1]), "scale": int(decimal[2])}
    return _PLAIN[archived]


def _field(field: Field) -> Schema:
    kind = avro_type(field.archived)
    if field.nullable:
        return {"name": field.name, "type": ["null", kind], "default": None}
    plain = kind["type"] if isinstance(kind, dict) else kind
    return {"name": field.name, "type": kind, **({"default": _EMPTY[plain]} if field.default else {})}


def _record(name: str, namespace: str, fields: Iterable[Schema]) -> Schema:
    return {"type": "record", "name": name, "namespace": namespace, "fields": list(fields)}


def value_schema(topic: str, fields: Iterable[Field]) -> Schema:
    """Return the schema of a table's rows, with what the source adds to each.

    Args:
        topic: Change topic of the table.
        fields: Its columns.
    """
    added = (Field(name, _METADATA[name], nullable=True) for name in _ADDED)
    return _record("Value", topic, map(_field, [*fields, *added]))


def key_schema(topic: str, fields: Iterable[Field]) -> Schema:
    """Return the schema of a table's key; see ``value_schema``."""
    return _record("Key", topic, map(_field, fields))
