"""Rules for the sinks that some tables have to themselves: each table has one, and the sink of all others keeps a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.nearest import nearest
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings


def sink_problems(settings: Settings) -> Iterator[Problem]:
    """Yield every table under ``archive.sinks`` that cannot have its sink."""
    section, captured = settings.archive, [table.qualified for table in settings.source.tables]
    if section.sinks and section.format != "iceberg":
        yield Problem(
            path="archive.sinks",
            rule=f"is set and archive.format is {section.format}: with its own sink, a table would be archived again from the start",
            cure="remove it, or take the format iceberg",
        )
    first: dict[str, str] = {}
    for name, tables in section.sinks.items():
        path = f"archive.sinks.{name}"
        if not tables:
            yield Problem(path=path, rule="has no table", cure="name one, or remove the sink")
        for table in tables:
            if table not in captured:
                near = nearest(table, captured)
                yield Problem(
                    path=path,
                    rule=f"{table} is no captured table{f'; did you mean {near}?' if near else ''}",
                    cure="name one of source.tables, as schema and table",
                )
            other = first.setdefault(table, name)
            if other != name:
                yield Problem(path=path, rule=f"{table} has the sink {other} already", cure="name it once")
    if captured and set(captured) <= set(first):
        yield Problem(
            path="archive.sinks",
            rule="names every captured table, and the sink of all other tables would have none",
            cure="leave one table out",
        )
