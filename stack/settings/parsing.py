"""Settings from the values of a stack file, or every problem with the values."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from stack.configs.nearest import nearest
from stack.configs.secrecy import told
from stack.problem import Problem
from stack.settings import yaml_file
from stack.settings.faults import only_reflects_items, path_of, problem_of, section_below
from stack.settings.model import Settings
from stack.settings.section import Section
from stack.settings.source import MOST_TABLES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

PROJECT = "data-ingestion"
# similarity from which the project before a key's colon counts as a misspelt one; a wrong guess refuses another project's key
_MISSPELT = 0.8
_PATH = re.compile(r"[\w ./-]*")
# A longer path is shown in part.
_LONGEST_PATH = 200
_SECTIONS = [field.alias or name for name, field in Settings.model_fields.items()]
_ROOT = Path(__file__).resolve().parents[2]


def values_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """Parse a stack's configuration as Pulumi holds it.

    Args:
        texts: Text by ``data-ingestion:key``; objects as JSON. Keys of other projects are ignored.

    Returns:
        One value per section.
    """
    values: dict[str, Any] = {}
    for key, text in sorted(texts.items()):
        project, _, name = key.partition(":")
        if project != PROJECT:
            continue
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError):
            # text, or a number or a nesting that no setting has
            values[name] = text
    return values


def is_declared_default(name: str, value: Any) -> bool:  # noqa: ANN401 - any value of a stack file
    """Return whether a value may be a default of ``Pulumi.yaml``, which every stack has though nobody has written it."""
    field = Settings.model_fields.get(name)
    return field is not None and not field.is_required() and value in ({}, field.default)


def misspelt_projects(texts: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each key whose project is nearly this one: it would be ignored as another project's."""
    found = []
    values = values_of(texts)
    for key in sorted(texts):
        project, _, name = key.partition(":")
        if project != PROJECT and nearest(project, [PROJECT], _MISSPELT):
            section = name if name in _SECTIONS else nearest(name, _SECTIONS)
            cure = f"did you mean {PROJECT}:{section}?" if section else f"the settings of {PROJECT} are described in docs/settings.md"
            if section in values and not is_declared_default(section, values[section]):
                cure += " It is written as well; remove one of the two"
            found.append(Problem(path="", rule=f"{key} is not a setting: no project is called {project}", cure=cure))
    return found


def validate(values: Mapping[str, Any]) -> tuple[Settings | None, list[Problem]]:
    """Validate each value separately.

    Args:
        values: One value per section.

    Returns:
        The settings, or None if a value is invalid; and every problem. If the file of tables is unreadable, the settings contain the
        default tables, so that the rest can be judged.
    """
    deep = [name for name, value in values.items() if _is_deep(value)]
    problems = [
        Problem(path=path_of([name]), rule=f"has more than {yaml_file.MOST_LEVELS} levels", cure="write what docs/settings.md describes")
        for name in deep
    ]
    filled, found = _with_tables({name: value for name, value in values.items() if name not in deep and not _is_empty(name, value)})
    problems += found
    try:
        settings, errors = Settings.model_validate(filled), []
    except ValidationError as error:
        settings, errors = None, error.errors()
    hidden = {(name,) for name in deep}
    problems += [problem_of(item) for item in errors if item["loc"] not in hidden and not only_reflects_items(item, errors)]
    return settings, [*problems, *_contradictions(Settings, filled, (), {item["loc"] for item in errors})]


def _contradictions(
    section: type[Section],
    values: Any,  # noqa: ANN401 - any value of a stack file
    place: tuple[str, ...],
    wrong: Collection[tuple[int | str, ...]],
) -> Iterator[Problem]:
    """Yield the contradictions of each section in which every value is valid."""
    if not isinstance(values, dict):
        return
    if section.contradictions is not Section.contradictions and not any(one[: len(place)] == place for one in wrong):
        for problem in section.model_validate(values).contradictions():
            yield replace(problem, path=".".join((*place, *([problem.path] if problem.path else []))))
    for name, field in section.model_fields.items():
        key = field.alias or name
        below = section_below(section, key)
        if below is not None and issubclass(below, Section):
            yield from _contradictions(below, values.get(key, values.get(name)), (*place, key), wrong)


def _is_deep(value: Any) -> bool:  # noqa: ANN401 - any value of a stack file
    """Return whether a value has more levels than any setting."""
    level = [value]
    for _ in range(yaml_file.MOST_LEVELS):
        level = [part for one in level if isinstance(one, dict | list) for part in (one.values() if isinstance(one, dict) else one)]
    return bool(level)


def _is_empty(name: str, value: Any) -> bool:  # noqa: ANN401 - any value of a stack file
    """Return whether a section has no key; Pulumi passes it on as an empty text."""
    field = Settings.model_fields.get(name)
    return value == "" and field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, Section)


def _with_tables(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
    """Replace the path of the tables' file by the tables in it."""
    source = values.get("source")
    if not isinstance(source, dict) or source.get("tables") is None:
        return values, []
    written, others = source["tables"], {key: value for key, value in source.items() if key != "tables"}
    tables, rule = _tables_in(written) if isinstance(written, str) else (written, None)
    if rule is not None:
        cure = "set the path, below the project's root, of a file as 'make tables' writes it"
        return {**values, "source": others}, [Problem(path="source.tables", rule=rule, cure=cure)]
    if isinstance(tables, list) and len(tables) > MOST_TABLES:
        rule, cure = f"has {len(tables)} tables, more than the {MOST_TABLES} of one pipeline", "divide them among several stacks"
        return {**values, "source": others}, [Problem(path="source.tables", rule=rule, cure=cure)]
    return {**values, "source": {**others, "tables": tables}}, []


def _tables_in(path: str) -> tuple[list[Any], str | None]:
    """Return the tables in a file, and the broken rule if it is unusable. The rule never quotes the file: any path may be given."""
    # only what is written as a path is repeated: a misplaced credential, or a URL with a login, may stand in its place
    known = _PATH.fullmatch(path) and told(path) == path
    named = repr(path if len(path) <= _LONGEST_PATH else f"{path[:_LONGEST_PATH]}…") if known else "the path"
    try:
        file = (_ROOT / path).resolve()
        if not file.is_relative_to(_ROOT):
            return [], f"{named} is outside the project"
        content = yaml_file.read(file)
    except OSError as error:
        return [], f"{named} cannot be read ({error.strerror})"
    except yaml_file.YamlFileError as error:
        return [], f"{named} cannot be read ({error})"
    except UnicodeDecodeError:
        return [], f"{named} cannot be read (it must be UTF-8)"
    except (ValueError, RuntimeError):
        # a NUL, or symbolic links in a circle
        return [], f"{named} is no path of a file"
    return (content, None) if isinstance(content, list) else ([], f"{named} does not contain a list of tables")
