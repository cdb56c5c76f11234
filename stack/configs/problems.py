"""Construction of problems that concern one configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.secrecy import shown
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Fault:
    """Rule and cure of a problem, without its key and value.

    Attributes:
        rule: Reason why it is wrong.
        cure: Correct setting.
        meant: Key that was probably intended.
    """

    rule: str
    cure: str = ""
    meant: str = ""


def problem(config: Mapping[str, str], key: str, rule: str, cure: str = "", *, meant: str = "") -> Problem:
    """Create the problem of one key.

    Args:
        config: The configuration.
        key: Its key, present or missing.
        rule: Reason why its value, or its absence, is wrong.
        cure: Correct setting.
        meant: Key that was probably intended; its name also decides whether the value is a credential.
    """
    value = shown(f"{key} {meant}".strip(), config[key]) if key in config else None
    return Problem(rule=rule, cure=cure, key=key, value=value, meant=meant)


def first_per_key(*checks: Iterable[Problem]) -> list[Problem]:
    """Return the problems of several checks; for each key, only those of the first check that reports any."""
    result: list[Problem] = []
    seen: set[str] = set()
    for problems in checks:
        fresh = [item for item in problems if item.key.lower() not in seen]
        seen |= {item.key.lower() for item in fresh}
        result += fresh
    return result
