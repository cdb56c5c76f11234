"""Specification of a stack: its settings validated, rendered and judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.judgement.agreement import agreement_problems
from stack.judgement.audits import audit_problems
from stack.judgement.captured import captured_problems
from stack.judgement.choices import choice_problems
from stack.judgement.clear_text import clear_text_problems
from stack.judgement.cures import tried
from stack.judgement.effects import void_keys
from stack.judgement.fit import fit_problems
from stack.judgement.java import java_problems
from stack.judgement.monitored import monitoring_problems
from stack.judgement.quality import quality_problems
from stack.judgement.receivers import receiver_problems
from stack.judgement.signing import signing_problems
from stack.judgement.sinks import sink_problems
from stack.judgement.topic_names import topic_name_problems
from stack.problem import Problem
from stack.settings.parsing import PROJECT, misspelt_projects, validate, values_of
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings


# Problems of a message; more would push the first ones off a terminal
_SHOWN: Final = 20


class SettingsError(ValueError):
    """The configuration is invalid; the message lists the first problems, each with its key, value, rule and cure, and their number.

    Attributes:
        problems: Every problem, in the order of the message.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Create the message from the problems."""
        self.problems = tuple(problems)
        lines = [f"  - {PROJECT}:{problem}" if problem.path else f"  - {problem}" for problem in problems[:_SHOWN]]
        if len(problems) > _SHOWN:
            lines.append(f"  and {len(problems) - _SHOWN:,} more, which show once these are solved")
        super().__init__(f"{len(problems):,} problem(s) in the configuration of this stack:\n" + "\n".join(lines))


def specify(values: Mapping[str, Any], found: Sequence[Problem] = ()) -> Specification:
    """Return the specification of a stack from plain values, one per section.

    Args:
        values: One value per section.
        found: Problems of the configuration that the values no longer show.

    Raises:
        SettingsError: Listing every problem.
    """
    try:
        return _specified(values, found)
    except SettingsError as error:
        if not any(problem.meant for problem in error.problems):
            raise
        raise SettingsError(tried(error.problems, values, _problems)) from None


def _problems(values: Mapping[str, Any]) -> Sequence[Problem]:
    try:
        _specified(values)
    except SettingsError as error:
        return error.problems
    return ()


def _specified(values: Mapping[str, Any], found: Sequence[Problem] = ()) -> Specification:
    settings, problems = validate(values)
    problems = [*found, *problems]
    if settings is None:
        raise SettingsError(problems)
    if not settings.is_whole:
        raise SettingsError([*problems, *choice_problems(settings), *void_keys(settings)])
    try:
        specification = Specification.of(settings)
        problems += judge(specification)
    except ValueError as error:
        # a value that no rule names and that the rendering refuses
        raise SettingsError([*problems, *choice_problems(settings), *void_keys(settings), Problem(rule=str(error))]) from None
    if problems:
        raise SettingsError(problems)
    return specification


def specify_text(texts: Mapping[str, str]) -> Specification:
    """Return the specification of a stack from configuration as Pulumi holds it: ``data-ingestion:key`` to text, objects as JSON.

    Raises:
        SettingsError: Listing every problem.
    """
    return specify(values_of(texts), misspelt_projects(texts))


def parse(values: Mapping[str, Any]) -> Settings:
    """Return the settings of a valid stack; see ``specify``."""
    return specify(values).settings


def parse_text(texts: Mapping[str, str]) -> Settings:
    """Return the settings of a valid stack; see ``specify_text``."""
    return specify_text(texts).settings


def judge(specification: Specification) -> list[Problem]:
    """Return every problem of a stack whose single values are valid."""
    agreement = agreement_problems(specification)
    fit, uncountable = fit_problems(specification)
    settings = specification.settings
    return [
        *choice_problems(settings),
        *void_keys(settings),
        *java_problems(settings),
        *topic_name_problems(specification),
        *sink_problems(settings),
        *audit_problems(specification),
        *monitoring_problems(specification.settings),
        *receiver_problems(settings),
        *signing_problems(specification),
        *clear_text_problems(settings),
        *quality_problems(settings),
        *captured_problems(settings),
        *fit,
        *(agreement or uncountable),
    ]
