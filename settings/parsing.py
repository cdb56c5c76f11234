"""Settings from the values of a stack file, or every problem with the values."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from configs.secrecy import HIDDEN, shown, without_passwords
from problem import Problem
from settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

PROJECT = "data-ingestion"
# length of the place of one table: source, tables, its number
_A_TABLE = 3
# similarity from which the project before a key's colon counts as a misspelt one
_MISSPELT = 0.8
_ROOT = Path(__file__).resolve().parent.parent


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
        except json.JSONDecodeError:
            values[name] = text
    return values


def misspelt_projects(texts: Mapping[str, str]) -> list[Problem]:
    """Return a problem for each key whose project is nearly this one: it would be ignored as another project's."""
    found = []
    for key in sorted(texts):
        project, _, name = key.partition(":")
        if project != PROJECT and difflib.get_close_matches(project, [PROJECT], cutoff=_MISSPELT):
            cure = f"did you mean {PROJECT}:{name}?"
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
    filled, problems = _with_tables(values)
    try:
        return Settings.model_validate(filled), problems
    except ValidationError as error:
        return None, problems + _problems(error)


def _with_tables(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[Problem]]:
    """Replace the path of the tables' file by the tables in it."""
    source = values.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("tables"), str):
        return values, []
    path, others = source["tables"], {key: value for key, value in source.items() if key != "tables"}
    tables, rule = _tables_in(path)
    if rule is None:
        return {**values, "source": {**others, "tables": tables}}, []
    cure = "set the path, below the project's root, of a file as 'make tables' writes it"
    return {**values, "source": others}, [Problem(path="source.tables", rule=rule, cure=cure)]


def _tables_in(path: str) -> tuple[list[Any], str | None]:
    """Return the tables in a file, and the broken rule if it is unusable. The rule never quotes the file: any path may be given."""
    if not (_ROOT / path).resolve().is_relative_to(_ROOT):
        return [], f"{path!r} is outside the project"
    try:
        content = yaml.safe_load((_ROOT / path).read_text(encoding="utf-8"))
    except OSError as error:
        return [], f"{path!r} cannot be read ({error.strerror})"
    except yaml.MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        return [], f"{path!r} cannot be read ({error.problem}{place})"
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        return [], f"{path!r} cannot be read ({type(error).__name__}: it must be UTF-8 without control characters)"
    return (content, None) if isinstance(content, list) else ([], f"{path!r} does not contain a list of tables")


def _problems(error: ValidationError) -> list[Problem]:
    errors = error.errors()
    return [_problem(item) for item in errors if not _only_its_items(item, errors)]


def _problem(item: ErrorDetails) -> Problem:
    path = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return _not_a_setting(item["loc"], path)
    if item["type"] == "missing":
        return Problem(path=path, rule="is missing and has no default")
    cause = item.get("ctx", {}).get("error")
    rule = without_passwords(str(cause) if isinstance(cause, ValueError) else item["msg"])
    return Problem(path=path, rule=rule, value=repr(item["input"]) if _is_visible(item["loc"], path, item["input"]) else None)


def _is_visible(place: tuple[int | str, ...], path: str, value: object) -> bool:
    """Return whether a wrong value may be printed: no credential, and nothing that is easily one."""
    if not place or isinstance(value, dict) or place[0] == "rotation":
        return False  # a word of rotation is easily taken for the password itself
    if place[:2] == ("source", "tables") and len(place) <= _A_TABLE:
        return False  # the path of any file may be given, also of one with credentials
    return shown(path, str(value)) != HIDDEN


def _not_a_setting(place: tuple[int | str, ...], path: str) -> Problem:
    """Return the problem of an unknown key, with the most similar key of its section."""
    section: type[BaseModel] | None = Settings
    for part in place[:-1]:
        section = _section(section, part)
    known = [field.alias or name for name, field in section.model_fields.items()] if section else []
    near = difflib.get_close_matches(str(place[-1]), known, n=1)
    cure = f"did you mean {near[0]}?" if near else "check the spelling, or see docs/settings.md"
    return Problem(path=path, rule="is not a setting", cure=cure)


def _section(section: type[BaseModel] | None, part: int | str) -> type[BaseModel] | None:
    """Return the section below a key of a section, or for a list the section of its entries."""
    if section is None or isinstance(part, int):
        return section
    fields = {field.alias or name: field.annotation for name, field in section.model_fields.items()}
    candidates = [fields.get(part), *get_args(fields.get(part))]
    return next((item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)), None)


def _only_its_items(problem: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Return whether "too short" only reflects invalid items, which have errors themselves: Pydantic counts valid items only."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in others
    )
