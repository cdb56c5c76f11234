"""The file with the typed model of the captured tables: its text, and what a new look at the database changes in it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import yaml

from existing_database.fidelity import Obstacle, clashes, modelled
from settings.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from existing_database.facts import SeenTable

_HEADER: Final = """\
# The captured tables of the stack {stack}: columns and keys as the database has them. Written by 'make tables STACK={stack}';
# run it again after a change of the schema, and read the difference.
"""
_WIDTH: Final = 120


class DocumentError(ValueError):
    """The file that is there is no list of tables; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is captured of what is there.

    Attributes:
        tables: The models, in the order in which they stand in the file.
        obstacles: Why others of the chosen ones cannot be archived faithfully.
        kept: Tables that the file had and that cannot be read anew; they stay as they were.
        further: Tables that are there and were not chosen.
    """

    tables: tuple[Table, ...]
    obstacles: tuple[Obstacle, ...]
    kept: tuple[str, ...]
    further: tuple[str, ...]


def read(text: str) -> tuple[Table, ...]:
    """The tables of a file.

    Raises:
        DocumentError: If it is no YAML list of tables.
    """
    try:
        listed = yaml.safe_load(text)
        return tuple(Table.model_validate(one) for one in listed or ())
    except (yaml.YAMLError, ValueError, TypeError) as error:
        first = str(error).splitlines()[0]
        message = f"it is no list of tables ({first}); correct it, or move it away and let it be written anew"
        raise DocumentError(message) from None


def choose(
    seen: Mapping[str, SeenTable], before: Sequence[Table], include: Sequence[str], exclude: Sequence[str], ours: Collection[str]
) -> Choice:
    """Decide what is captured.

    Args:
        seen: Everything in the database.
        before: What the file holds already.
        include: Patterns such as ``public.*``; none means what the file holds, and everything when there is no file.
        exclude: Patterns of what is left out all the same.
        ours: Tables of the pipeline itself, which are nobody's data.
    """
    known = {table.qualified: table for table in before}

    def wanted(name: str) -> bool:
        if name in ours or any(fnmatchcase(name, pattern) for pattern in exclude):
            return False
        if include:
            return any(fnmatchcase(name, pattern) for pattern in include)
        return not known or name in known

    def remains(name: str) -> bool:
        return not include and not any(fnmatchcase(name, pattern) for pattern in exclude)

    models: dict[str, Table] = {}
    obstacles = [
        Obstacle(name, "it is not in the database any more", "take it out of the file, or bring it back")
        for name in known
        if name not in seen and remains(name)
    ]
    for name in sorted(filter(wanted, seen)):
        model, found = modelled(seen[name])
        obstacles += found
        if model is not None:
            models[name] = model
    clashing = clashes([*models.values(), *(known[name] for name in known if name not in models)])
    obstacles += clashing
    models = {name: model for name, model in models.items() if name in known or all(one.table != name for one in clashing)}
    kept = [name for name in known if name not in models and any(one.table == name for one in obstacles)]
    models |= {name: known[name] for name in kept}
    order = [*(name for name in known if name in models), *(name for name in sorted(models) if name not in known)]
    tables = tuple(models[name] for name in order)
    further = tuple(name for name in sorted(seen) if not wanted(name) and name not in ours)
    return Choice(tables, tuple(obstacles), tuple(kept), further)


def text(stack: str, tables: Sequence[Table]) -> str:
    """The file.

    Args:
        stack: Name of the stack.
        tables: What it captures.
    """
    listed = [_table(table) for table in tables]
    return _HEADER.format(stack=stack) + yaml.safe_dump(listed, sort_keys=False, default_flow_style=None, width=_WIDTH, allow_unicode=True)


def _table(table: Table) -> dict[str, Any]:
    schema = {} if table.database_schema == "public" else {"databaseSchema": table.database_schema}
    columns = [{"name": column.name, "type": column.type, **({"nullable": True} if column.nullable else {})} for column in table.columns]
    return {"name": table.name, **schema, "primaryKey": list(table.primary_key), "columns": columns}


def difference(before: str, after: str, path: str) -> str:
    """What changes in the file, as a unified diff; empty when nothing does."""
    return "".join(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"{path} (before)", path))
