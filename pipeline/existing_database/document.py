"""The file with the typed model of the captured tables: its text, and its changes after reading the database again."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import yaml

from pipeline.existing_database.fidelity import Obstacle, clashes, modelled
from pipeline.existing_database.renaming import numbered, renamed
from stack.settings import yaml_file
from stack.settings.tables import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from pipeline.existing_database.facts import SeenTable
    from stack.settings.tables import Column

_HEADER: Final = """\
# The captured tables of the stack {stack}: columns and keys as the database has them. Written by 'make tables STACK={stack}';
# run it again after a change of the schema, and read the difference.
"""
_WIDTH: Final = 120


class DocumentError(ValueError):
    """The existing file is no list of tables; the message says why."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Tables selected for capture.

    Attributes:
        tables: The models, in the order of the file.
        obstacles: Reasons why the other selected tables cannot be archived faithfully.
        left_out: Columns that their tables are captured without, each with the reason.
        kept: Tables of the file that cannot be modelled again; the file keeps them unchanged.
        further: Existing tables that are not selected.
    """

    tables: tuple[Table, ...]
    obstacles: tuple[Obstacle, ...]
    left_out: tuple[Obstacle, ...]
    kept: tuple[str, ...]
    further: tuple[str, ...]


def read(text: str) -> tuple[Table, ...]:
    """Parse the tables of a file.

    Raises:
        DocumentError: If the text is no YAML list of tables.
    """
    try:
        listed = yaml_file.parse(text)
        return tuple(Table.model_validate(one) for one in listed or ())
    except (ValueError, TypeError) as error:
        first = str(error).splitlines()[0]
        message = f"the file is no list of tables ({first}); correct it, or move it away and run the command again"
        raise DocumentError(message) from None


def choose(
    seen: Mapping[str, SeenTable], before: Sequence[Table], include: Sequence[str], exclude: Sequence[str], ours: Collection[str]
) -> Choice:
    """Select the tables to capture.

    Args:
        seen: All tables of the database.
        before: Tables of the file.
        include: Patterns such as ``public.*``; none selects the tables of the file, or all without a file.
        exclude: Patterns of tables to leave out; they override ``include``.
        ours: Tables of the pipeline itself, never captured.
    """
    known = {table.in_database: table for table in before}

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
        Obstacle(name, "the table is no longer in the database", "remove it from the file, or restore it")
        for name in known
        if name not in seen and remains(name)
    ]
    of_schemas: list[Obstacle] = []
    left_out: list[Obstacle] = []
    taken = {table.archive_name for table in before}
    names = _new_names(seen)
    for name in sorted(filter(wanted, seen)):
        model, reasons = modelled(seen[name], known.get(name), names.get(name, ""))
        left_out += [one for one in reasons if one.left_out]
        obstacles += [one for one in reasons if not (one.of_schema or one.left_out)]
        of_schemas += [one for one in reasons if one.of_schema]
        if model is not None:
            models[name] = model if name in known else _apart(model, taken)
            taken.add(models[name].archive_name)
    obstacles = [*_once([*obstacles, *clashes(before), *of_schemas])]
    kept = [name for name in known if name not in models and any(one.table == name for one in obstacles)]
    models |= {name: known[name] for name in kept}
    order = [*(name for name in known if name in models), *(name for name in sorted(models) if name not in known)]
    tables = tuple(models[name] for name in order)
    further = tuple(name for name in sorted(seen) if not wanted(name) and name not in ours)
    return Choice(tables, tuple(obstacles), tuple(left_out), tuple(kept), further)


def _new_names(seen: Mapping[str, SeenTable]) -> dict[str, str]:
    """Return the name in the archive for each table, by its name in the database, whose own it cannot have."""
    found: dict[str, str] = {}
    for schema in {table.schema for table in seen.values()}:
        of_schema = {table.name: table.qualified for table in seen.values() if table.schema == schema}
        found |= {of_schema[name]: new for name, new in renamed(sorted(of_schema), "tbl").items()}
    return found


def _apart(model: Table, taken: Collection[str]) -> Table:
    """Return a new table under a name in the archive that no other table has, whatever its schema."""
    there = model.database_name or model.name
    choices = (
        model if name == model.name else model.model_copy(update={"name": name, "database_name": there})
        for name in numbered(model.name, len(taken))
    )
    return next(choice for choice in choices if choice.archive_name not in taken)


def _once(obstacles: Sequence[Obstacle]) -> Iterator[Obstacle]:
    """Yield the obstacles, each statement that cures several with the first of them only: a schema's tables, a parent and its child."""
    told = set()
    for one in obstacles:
        is_repeated = one.cure in told and (one.of_schema or one.of_two)
        yield replace(one, cure="as above, once for the schema" if one.of_schema else "as above") if is_repeated else one
        told.add(one.cure)


def text(stack: str, tables: Sequence[Table]) -> str:
    """Render the file.

    Args:
        stack: Name of the stack.
        tables: Tables that the stack captures.
    """
    listed = [_table(table) for table in tables]
    return _HEADER.format(stack=stack) + yaml.safe_dump(listed, sort_keys=False, default_flow_style=None, width=_WIDTH, allow_unicode=True)


def _table(table: Table) -> dict[str, Any]:
    schema = {} if table.database_schema == "public" else {"databaseSchema": table.database_schema}
    name = {"databaseName": table.database_name} if table.database_name else {}
    key = {} if table.key == "primary key" else {"key": table.key}
    left_out = {"leftOut": dict(table.left_out)} if table.left_out else {}
    columns = [_column(column) for column in table.columns]
    return {"name": table.name, **name, **schema, "primaryKey": list(table.primary_key), **key, "columns": columns, **left_out}


def _column(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        **({"databaseName": column.database_name} if column.database_name else {}),
        "type": column.type,
        **({"archivedAs": column.archived_as} if column.archived_as else {}),
        **({"nullable": True} if column.nullable else {}),
    }


def difference(before: str, after: str, path: str) -> str:
    """Return the changes of the file as a unified diff; empty without changes."""
    return "".join(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), f"{path} (before)", path))
