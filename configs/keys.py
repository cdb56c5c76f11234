"""The tables of keys, as the jars and PostgreSQL told them (``python -m pipeline images keys``); the S3 sink's is written by hand."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["debezium", "s3", "iceberg", "worker", "broker", "topic", "postgresql"]
"""What a configuration is for."""

KINDS: tuple[Kind, ...] = get_args(Kind)

CONNECTORS: tuple[Kind, ...] = ("debezium", "s3", "iceberg")
"""The kinds that a Connect worker runs as connectors."""

OWN: Mapping[Kind, tuple[str, ...]] = {
    "debezium": ("connect-source", "debezium-postgres"),
    "s3": ("connect-sink", "s3-sink"),
    "iceberg": ("connect-sink", "iceberg-sink"),
    "worker": ("connect-worker",),
    "broker": ("kafka-broker",),
    "topic": ("kafka-topic",),
    "postgresql": ("postgresql",),
}
"""The tables whose keys stand in a configuration of each kind without a prefix."""

PLACES: Mapping[Kind, str] = {
    "debezium": "the Debezium source connector",
    "s3": "the Confluent S3 sink",
    "iceberg": "the Iceberg sink",
    "worker": "the Connect worker",
    "broker": "the Kafka brokers",
    "topic": "a topic",
    "postgresql": "PostgreSQL",
}
"""How a message calls each kind."""


@dataclass(frozen=True, slots=True)
class Key:
    """What the software says about one of its keys.

    Attributes:
        type: Type in lower case: string, boolean, int, long, short, double, list, class, password; bool, integer, real, enum in PostgreSQL.
        default: The default as text, or None where there is none or it is a secret.
        required: Whether the software refuses to start without it.
        valid: The values that are accepted; empty when they cannot be listed.
        any_case: Whether values are compared without regard to case.
        least: Smallest number accepted, or None.
        most: Largest number accepted, or None.
        secret: Whether the value must never be shown.
        unit: Unit of a PostgreSQL number given without one, or empty.
        context: When PostgreSQL reads it; ``internal`` cannot be set.
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
    """The keys of a table by name; see OWN and the folder ``tables``."""
    return {key: _key(entry, any_case=name == "debezium-postgres") for key, entry in _read(name)["keys"].items()}


@functools.cache
def classes() -> Mapping[str, Mapping[str, Key]]:
    """The keys of transforms and predicates, by the name of their class."""
    listed: dict[str, dict[str, Any]] = _read("transforms")["classes"]
    return {name: {key: _key(entry, any_case=True) for key, entry in keys.items()} for name, keys in listed.items()}


@functools.cache
def own(kind: Kind) -> Mapping[str, Key]:
    """All keys that stand in a configuration of a kind without a prefix."""
    return {key: entry for name in OWN[kind] for key, entry in table(name).items()}


@functools.cache
def source(name: str) -> str:
    """Which artifact and version a table was taken from."""
    return str(_read(name)["source"])


def _read(name: str) -> dict[str, Any]:
    text = (resources.files("configs") / "tables" / f"{name}.json").read_text(encoding="utf-8")
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
