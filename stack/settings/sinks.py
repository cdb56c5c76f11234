"""Sinks of the archive: one for every table, and those that some tables have to themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stack.settings.names import Names
    from stack.settings.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """One sink connector with its tables.

    Attributes:
        name: Name in ``archive.sinks``; empty for the one that has every other table.
        connector: Name of the connector.
        control_topic: Control topic of the epoch, by which the tasks of an Iceberg sink agree on a commit.
        tables: Its tables.
        topics: Change topics of its tables.
    """

    name: str
    connector: str
    control_topic: str
    tables: tuple[Table, ...]
    topics: tuple[str, ...]


def sinks(names: Names, tables: Sequence[Table], own: Mapping[str, Sequence[str]]) -> tuple[Sink, ...]:
    """Return the sinks of a stack: first the one that has every table without a sink of its own, then the others.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        own: ``archive.sinks``: qualified names of tables, by sink.
    """
    taken = {table for listed in own.values() for table in listed}
    chosen = {"": [table for table in tables if table.qualified not in taken]}
    chosen |= {name: [table for table in tables if table.qualified in listed] for name, listed in own.items()}
    return tuple(
        Sink(
            name=name,
            connector=names.sink(name),
            control_topic=names.control_topic(name),
            tables=tuple(found),
            topics=tuple(names.topic(table) for table in found),
        )
        for name, found in chosen.items()
    )


def by_table(each: Iterable[Sink]) -> dict[str, Sink]:
    """Return the sink of each table, by the table's qualified name."""
    return {table.qualified: one for one in each for table in one.tables}
