"""Stacks of the tests: an existing database with the tables of the examples, and one that the program creates."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.ddl.judge import Judged, judge
from pipeline.ddl.matrix import EXAMPLE
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from pipeline.ddl.stack import Stack
    from pipeline.ddl.verdict import Verdict

EXISTING = EXAMPLE
MANAGED = replace(EXAMPLE, name="dev", is_managed=True, tables=TABLES)


def one(text: str, stack: Stack = EXISTING, **changes: Any) -> Verdict:
    """Return the only verdict on a text."""
    (judged,) = judge(replace(stack, **changes), text)
    (verdict,) = judged.verdicts
    return verdict


def outcomes(text: str, stack: Stack = EXISTING) -> list[str]:
    """Return the outcome of every verdict on a text, in order."""
    return [verdict.outcome.name for judged in judge(stack, text) for verdict in judged.verdicts]


def codes(judged: list[Judged]) -> list[int]:
    """Return the exit code of each statement."""
    return [one.exit_code for one in judged]
