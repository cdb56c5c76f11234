"""Rules for a table's declaration, alone and compared with the existing table; pure.

An existing table may gain columns. Changes that would make old rows unreadable, or change their meaning, are refused
with a cure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from providers.differences import step
from providers.iceberg.columns import same_type, type_problem, widens
from providers.operations import Plain, has_unknown
from stack.configs.topics import SINK
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_NAMESPACE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_FORMAT_VERSIONS: Final = ("1", "2")


def table_problems(inputs: Plain) -> list[Problem]:
    """Return every problem of a Table's inputs alone, except for unknown values."""
    problems = [
        Problem(path=key, rule=f"{inputs.get(key)!r} is not {what}")
        for key, pattern, what in (
            ("namespace", _NAMESPACE, "a namespace: words of letters, digits and '_', joined by '.'"),
            ("name", _WORD, "a table name: letters, digits and '_'"),
        )
        if inputs.get(key) is not UNKNOWN and not (isinstance(inputs.get(key), str) and pattern.match(inputs[key]))
    ]
    columns = inputs.get("columns")
    if columns is not UNKNOWN:
        problems += _column_problems(columns)
        if isinstance(columns, list) and all(isinstance(column, dict) for column in columns):
            problems += _partition_problems(columns, inputs.get("partitionBy") or [])
    problems += _property_problems(inputs.get("properties") or {})
    if not isinstance(inputs.get("deleteOnDestroy", False), bool):
        problems.append(Problem(path="deleteOnDestroy", rule="must be true or false"))
    return problems


def losses(old: Plain, new: Plain, *, old_is_complete: bool) -> list[Problem]:
    """Return the changes from ``old`` to ``new`` that would lose data.

    With ``old_is_complete``, ``old`` is the last declaration, so a column missing from ``new`` was dropped on purpose. Otherwise
    ``old`` is the live table, to which the sink has added further columns.
    """
    if has_unknown(new.get("columns")) or has_unknown(new.get("partitionBy")):
        return []
    problems = [
        Problem(
            path=key,
            rule=f"{old[key]!r} cannot become {new[key]!r}: the rows would stay under the old name",
            cure="declare a second table",
        )
        for key in ("namespace", "name")
        if key in old and new.get(key) not in (UNKNOWN, old[key])
    ]
    if _moved(old.get("location"), new.get("location")):
        problems.append(
            Problem(
                path="location",
                rule=f"{old['location']!r} cannot become {new['location']!r}: the files stay where they are",
                cure="remove the location, or set the old one",
            )
        )
    if (old.get("partitionBy") or []) != (new.get("partitionBy") or []):
        problems.append(
            Problem(
                path="partitionBy",
                rule=(
                    f"{old.get('partitionBy') or []} cannot become {new.get('partitionBy') or []}: readers rely on the "
                    "paths of existing files"
                ),
                cure="restore it, or declare a second table and copy the rows",
            )
        )
    problems += _version_problem(old.get("properties") or {}, new.get("properties") or {})
    problems += _column_losses(by_name(old["columns"]), new["columns"], may_be_wider=not old_is_complete)
    if old_is_complete:
        problems += _sink_problem(old.get("properties") or {}, new.get("properties") or {})
        kept = by_name(new["columns"])
        problems += [
            Problem(
                path="columns",
                rule=f"the declaration lacks column {name}, and dropping the column would lose its data",
                cure="restore it, and stop filling it at the source (a renamed column is a dropped and an added one)",
            )
            for name in by_name(old["columns"])
            if name not in kept
        ]
    return problems


def _sink_problem(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield that a table would leave the sink that it has got: another sink would read its topic from where that one began."""
    before, after = old.get(SINK), new.get(SINK)
    if before is not None and after not in (UNKNOWN, before):
        other = repr(after) if after else "the one of all other tables"
        yield Problem(
            path="properties",
            rule=f"the table has the sink {before!r} and cannot go to {other}: that one would archive again what this one has archived",
            cure=f"leave it under archive.sinks.{before}",
        )


def by_name(columns: list[Plain]) -> dict[str, Plain]:
    """Map the columns by name."""
    return {column["name"]: column for column in columns}


def _column_losses(before: dict[str, Plain], columns: list[Plain], *, may_be_wider: bool) -> Iterator[Problem]:
    for index, column in enumerate(columns):
        path, name, required = step("columns", index), column["name"], bool(column.get("required"))
        old = before.get(name)
        if old is None:
            if required:
                yield Problem(
                    path=step(path, "required"),
                    rule=f"column {name} is new and required, but existing rows have no value for it",
                    cure="set required to false",
                )
            continue
        wider_already = may_be_wider and widens(column["type"], old["type"])
        if not (same_type(old["type"], column["type"]) or widens(old["type"], column["type"]) or wider_already):
            yield Problem(
                path=step(path, "type"),
                rule=(
                    f"column {name}: {old['type']} cannot become {column['type']} without losing data; allowed are int to "
                    "long, float to double and a decimal with more digits"
                ),
                cure="otherwise add a column with another name",
            )
        if required and not old.get("required"):
            yield Problem(
                path=step(path, "required"),
                rule=f"column {name} may be NULL in existing rows and cannot become required",
                cure="set required to false",
            )


def _column_problems(columns: object) -> Iterator[Problem]:
    if not isinstance(columns, list) or not columns:
        yield Problem(path="columns", rule="needs at least one column {name, type, required, doc}")
        return
    seen: dict[str, int] = {}
    for index, column in enumerate(columns):
        path = step("columns", index)
        if column is UNKNOWN:
            continue
        if not isinstance(column, dict):
            yield Problem(path=path, rule="must be a column {name, type, required, doc}")
            continue
        yield from _one_column(path, column)
        name = column.get("name")
        if isinstance(name, str) and seen.setdefault(name.lower(), index) != index:
            yield Problem(path=step(path, "name"), rule=f"{name!r} occurs twice for engines that ignore case")


def _one_column(path: str, column: dict[str, Any]) -> Iterator[Problem]:
    if column.get("name") is not UNKNOWN and not (isinstance(column.get("name"), str) and _WORD.match(column["name"])):
        yield Problem(path=step(path, "name"), rule=f"{column.get('name')!r} is not a column name: letters, digits and '_'")
    if column.get("type") is not UNKNOWN and (problem := type_problem(column.get("type"))):
        yield Problem(path=step(path, "type"), rule=problem)
    if column.get("required", False) is not UNKNOWN and not isinstance(column.get("required", False), bool):
        yield Problem(path=step(path, "required"), rule="must be true or false")
    yield from (
        Problem(path=step(path, key), rule="is unknown", cure="a column has name, type, required and doc")
        for key in sorted(column.keys() - {"name", "type", "required", "doc"})
    )


def _partition_problems(columns: list[dict[str, Any]], partition_by: object) -> Iterator[Problem]:
    if partition_by is UNKNOWN:
        return
    if not isinstance(partition_by, list):
        yield Problem(path="partitionBy", rule="must be a list of column names")
        return
    names = {column.get("name") for column in columns}
    for index, name in enumerate(partition_by):
        if name not in names and name is not UNKNOWN:
            yield Problem(path=step("partitionBy", index), rule=f"{name!r} is not a column of the table")
        if name in partition_by[:index]:
            yield Problem(path=step("partitionBy", index), rule=f"{name!r} occurs twice")


def _property_problems(properties: object) -> Iterator[Problem]:
    if not isinstance(properties, dict):
        if properties is not UNKNOWN:
            yield Problem(path="properties", rule="must be a map from Iceberg's table properties to strings")
        return
    for key, value in sorted(properties.items()):
        if not isinstance(value, str) and value is not UNKNOWN:
            yield Problem(path=step("properties", key), rule=f"{value!r} is not a string", cure="write Iceberg's properties as strings")
    version = properties.get("format-version", "2")
    if isinstance(version, str) and version not in _FORMAT_VERSIONS:
        yield Problem(path=step("properties", "format-version"), rule=f"{version!r} is not one of {', '.join(_FORMAT_VERSIONS)}")


def _version_problem(old: Plain, new: Plain) -> Iterator[Problem]:
    before, after = old.get("format-version"), new.get("format-version")
    if isinstance(before, str) and isinstance(after, str) and after < before:
        yield Problem(path=step("properties", "format-version"), rule=f"{before} cannot go back to {after}: Iceberg has no downgrade")


def _moved(old: object, new: object) -> bool:
    return isinstance(old, str) and isinstance(new, str) and old.rstrip("/") != new.rstrip("/")
