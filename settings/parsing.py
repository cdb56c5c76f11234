"""Settings from the values of a stack file, or every problem in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from configs.message import HIDDEN, shown
from settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

PROJECT = "data-ingestion"
_ROOT = Path(__file__).resolve().parent.parent


def values_of(given: Mapping[str, str]) -> dict[str, Any]:
    """Values of a stack's configuration as Pulumi holds it.

    Args:
        given: Text by ``data-ingestion:key``; objects as JSON. Keys of other projects are ignored.
    """
    values: dict[str, Any] = {}
    for key, text in sorted(given.items()):
        project, _, name = key.partition(":")
        if project != PROJECT:
            continue
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def validate(values: Mapping[str, Any]) -> tuple[Settings | None, list[str]]:
    """Validate each value by itself.

    Args:
        values: One value per section.

    Returns:
        The settings, or None where a value is invalid; and every problem. With an unreadable file of tables, the settings have the default
        tables, so that the rest can be judged.
    """
    filled, problems = _with_tables(values)
    try:
        return Settings.model_validate(filled), problems
    except ValidationError as error:
        return None, problems + _problems(error)


def _with_tables(values: Mapping[str, Any]) -> tuple[Mapping[str, Any], list[str]]:
    """The values with the tables in place of their file's path."""
    source = values.get("source")
    if not isinstance(source, dict) or not isinstance(source.get("tables"), str):
        return values, []
    path, others = source["tables"], {key: value for key, value in source.items() if key != "tables"}
    try:
        return {**values, "source": {**others, "tables": yaml.safe_load((_ROOT / path).read_text(encoding="utf-8"))}}, []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
    problem = f"{path!r} cannot be read ({why}); give the path of a file below the project's root, as 'make tables' writes it"
    return {**values, "source": others}, [f"{PROJECT}:source.tables: {problem}"]


def _problems(error: ValidationError) -> list[str]:
    lines, errors = [], error.errors()
    for problem in errors:
        if _only_its_items(problem, errors):
            continue
        path = ".".join(str(part) for part in problem["loc"])
        cause = problem.get("ctx", {}).get("error")
        rule = str(cause) if isinstance(cause, ValueError) else problem["msg"]
        if problem["type"] == "extra_forbidden":
            rule = "is not a setting; check the spelling, or see docs/settings.md"
        elif problem["type"] == "missing":
            rule = "is missing and has no default"
        elif problem["loc"] and not isinstance(problem["input"], dict) and shown(path, str(problem["input"])) != HIDDEN:
            rule = f"{rule} (got {problem['input']!r})"
        lines.append(f"{PROJECT}:{path}: {rule}")
    return lines


def _only_its_items(problem: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Whether "too short" only reflects items that have errors of their own: Pydantic counts valid items only."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in others
    )
