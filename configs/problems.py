"""Problems of one configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.secrecy import shown
from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a key or a value is wrong, before it is known whose.

    Attributes:
        rule: Why it is wrong.
        cure: What to write instead.
        meant: Key that was probably meant.
    """

    rule: str
    cure: str = ""
    meant: str = ""


def problem(config: Mapping[str, str], key: str, rule: str, cure: str = "", *, meant: str = "") -> Problem:
    """A problem of one key.

    Args:
        config: The configuration.
        key: The key, present or missing.
        rule: Why its value, or its absence, is wrong.
        cure: What to write instead.
        meant: Key that was probably meant; its name decides too whether the value is a credential.
    """
    value = shown(f"{key} {meant}".strip(), config[key]) if key in config else None
    return Problem(rule=rule, cure=cure, key=key, value=value)


def first_per_key(*found: Iterable[Problem]) -> list[Problem]:
    """Problems of several checks; of each key, only those of the first check that finds any."""
    kept: list[Problem] = []
    seen: set[str] = set()
    for problems in found:
        fresh = [item for item in problems if item.key.lower() not in seen]
        seen |= {item.key.lower() for item in fresh}
        kept += fresh
    return kept
