"""Signals to Debezium, and their meaning: what was asked for, in the order in which the connector reads it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.settings.sql_names import pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stack.settings.tables import Table

START: Final = "execute-snapshot"
PAUSE: Final = "pause-snapshot"
RESUME: Final = "resume-snapshot"
STOP: Final = "stop-snapshot"
_TYPE: Final = {"type": "INCREMENTAL"}


@dataclass(frozen=True, slots=True)
class Signal:
    """A record of the topic of signals.

    Attributes:
        offset: Place in the topic's only partition.
        id: Name of the signal, by which a running backfill is known.
        kind: What is asked for.
    """

    offset: int
    id: str
    kind: str


def start(name: str, table: Table, condition: str | None) -> str:
    """Return the signal that reads a table, or the rows of a condition, again.

    Args:
        name: Name of the signal.
        table: The table.
        condition: Condition as ``backfill.condition.parsed`` returns it; all rows by default.
    """
    listed = {"data-collections": [_pattern(table)], **_TYPE}
    limits = [{"data-collection": pattern(table.in_database), "filter": condition}] if condition else []
    return _written(name, START, {**listed, **({"additional-conditions": limits} if limits else {})})


def pause(name: str) -> str:
    """Return the signal that reads no further part until it is resumed or the worker starts again."""
    return _written(name, PAUSE, dict(_TYPE))


def resume(name: str) -> str:
    """Return the signal that ends a pause."""
    return _written(name, RESUME, dict(_TYPE))


def stop(name: str, table: Table | None) -> str:
    """Return the signal that ends the backfill of a table, or of all."""
    return _written(name, STOP, {**_TYPE, **({"data-collections": [_pattern(table)]} if table else {})})


def _pattern(table: Table) -> str:
    # Debezium reads a regular expression, in which a dot is any character
    return pattern(table.in_database).replace(".", r"\.")


def _written(name: str, kind: str, data: dict[str, Any]) -> str:
    return json.dumps({"id": name, "type": kind, "data": data})


def read(records: Iterable[tuple[int, bytes]]) -> list[Signal]:
    """Return the signals among the records of the topic; anything else in it is skipped, as Debezium does."""
    found = []
    for offset, value in records:
        try:
            content = json.loads(value)
            found.append(Signal(offset, str(content["id"]), str(content["type"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found
