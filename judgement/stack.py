"""Settings of a stack, validated and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judgement.connectors import connector_problems
from judgement.rules import choice_problems, disk_problems, memory_problems
from settings.parsing import validate, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.model import Settings


class SettingsError(ValueError):
    """The configuration cannot work; the message lists every problem with its key, value, rule and cure."""


def parse(values: Mapping[str, Any]) -> Settings:
    """Settings from plain values, one per section.

    Raises:
        SettingsError: Listing every problem.
    """
    settings, problems = validate(values)
    if settings is not None:
        problems += _judged(settings)
    if problems or settings is None:
        message = f"{len(problems)} problem(s) in the configuration of this stack:\n" + "\n".join(f"  - {line}" for line in problems)
        raise SettingsError(message)
    return settings


def parse_text(given: Mapping[str, str]) -> Settings:
    """Settings from configuration as Pulumi holds it: ``data-ingestion:key`` to text, objects as JSON.

    Raises:
        SettingsError: Listing every problem.
    """
    return parse(values_of(given))


def _judged(settings: Settings) -> list[str]:
    unreadable = connector_problems(settings)
    try:
        return [*choice_problems(settings), *memory_problems(settings), *disk_problems(settings), *unreadable]
    except ValueError as error:  # a size among the further keys that cannot be counted; most often a connector problem says so already
        return unreadable or [str(error)]
