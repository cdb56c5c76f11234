"""Tables of keys, from the jars and PostgreSQL (``python -m pipeline images keys``); one is by hand: the S3 sink's."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

# Kinds of configuration.
Kind = Literal["debezium", "s3", "iceberg", "worker", "broker", "topic", "postgresql"]

KINDS: tuple[Kind, ...] = get_args(Kind)

# Kinds that run as connectors in a Connect worker.
CONNECTORS: tuple[Kind, ...] = ("debezium", "s3", "iceberg")

# Tables of the keys without a prefix, by kind.
OWN: Mapping[Kind, tuple[str, ...]] = {
    "debezium": ("connect-source", "debezium-postgres"),
    "s3": ("connect-sink", "s3-sink"),
    "iceberg": ("connect-sink", "iceberg-sink", "guarded-sink"),
    "worker": ("connect-worker",),
    "broker": ("kafka-broker",),
    "topic": ("kafka-topic",),
    "postgresql": ("postgresql",),
}

# Name of each kind in messages.
PLACES: Mapping[Kind, str] = {
    "debezium": "the Debezium source connector",
    "s3": "the Confluent S3 sink",
    "iceberg": "the Iceberg sink",
    "worker": "the Connect worker",
    "broker": "the Kafka brokers",
    "topic": "a topic",
    "postgresql": "PostgreSQL",
}


@dataclass(frozen=True, slots=True)
class Key:
    """Definition of one key, as the software declares it.

    Attributes:
        type: Type in lower case: string, boolean, int, long, short, double, list, class, password; bool, integer, real, enum in PostgreSQL.
        default: Default as text, or None where the key has none or it is a secret.
        required: Whether the software refuses to start without it.
        valid: Accepted values; empty when they cannot be listed.
        any_case: Whether values are compared case-insensitively.
        least: Smallest number accepted, or None.
        most: Largest number accepted, or None.
        secret: Whether the value must never be printed.
        unit: Unit of a PostgreSQL number without one, or empty.
        context: PostgreSQL's context of the parameter; an ``internal`` one cannot be set.
    """

    type: str
    default: str | None = None
    required: bool = False
    valid: tuple[str, ...] = ()
    any_case: bool = False
    least: float | None = None
    most: float | None = None
    secret: bool = False
    unit: str = ""
    context: str = ""


@functools.cache
def table(name: str) -> Mapping[str, Key]:
    """Return the keys of a table; see ``OWN`` and the folder ``tables``."""
    return {key: _key(entry, any_case=name == "debezium-postgres") for key, entry in _read(name)["keys"].items()}


@functools.cache
def in_lower_case(name: str) -> Mapping[str, Key]:
    """Return the keys of a table by their names in lower case: PostgreSQL compares names of parameters so."""
    return {key.lower(): entry for key, entry in table(name).items()}


@functools.cache
def classes() -> Mapping[str, Mapping[str, Key]]:
    """Return the keys of transforms and predicates, by class name."""
    listed: dict[str, dict[str, Any]] = _read("transforms")["classes"]
    return {name: {key: _key(entry, any_case=True) for key, entry in keys.items()} for name, keys in listed.items()}


@functools.cache
def own(kind: Kind) -> Mapping[str, Key]:
    """Return all keys of a kind that have no prefix."""
    return {key: entry for name in OWN[kind] for key, entry in table(name).items()}


@functools.cache
def source(name: str) -> str:
    """Return the artifact and version from which a table was read."""
    return str(_read(name)["source"])


def _read(name: str) -> dict[str, Any]:
    text = (resources.files("stack.configs") / "tables" / f"{name}.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _key(entry: dict[str, Any], *, any_case: bool) -> Key:
    return Key(
        type=entry["type"],
        default=entry["default"],
        required=entry["required"],
        valid=tuple(entry.get("valid", ())),
        any_case=entry.get("anyCase", any_case),
        least=entry.get("min"),
        most=entry.get("max"),
        secret=entry.get("secret", False),
        unit=entry.get("unit", ""),
        context=entry.get("context", ""),
    )
