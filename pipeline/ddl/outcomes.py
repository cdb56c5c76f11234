"""Outcome of a changed table by the registry's answer, before a rule adds what else it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures
from pipeline.ddl.subjects import Answer, Subject, judged
from pipeline.ddl.verdict import Outcome

if TYPE_CHECKING:
    from pipeline.ddl.parsing import Node, Statement
    from pipeline.ddl.state import Captured, State

_STOPPED: Final = (
    "so that the source fails at the table's next change, and with it all tables; the slot keeps the changes, up to source.slotWalKeepMib, "
    "and the source goes on by itself after the cure"
)


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a statement, for one captured table.

    Attributes:
        state: Everything that is known at this point of the text; a rule changes it.
        table: The table.
        node: The action's node.
        statement: The statement.
    """

    state: State
    table: Captured
    node: Node
    statement: Statement

    @property
    def step(self) -> str:
        """The whole statement, as a step."""
        return cures.statement(self.statement.text)


@dataclass(frozen=True, slots=True)
class Answered:
    """The registry's answer to a changed table.

    Attributes:
        outcome: What it comes to.
        reason: In sentences.
        steps: What to do for it, with the statement among them; empty where there is nothing to do.
        subjects: The subjects.
    """

    outcome: Outcome
    reason: tuple[str, ...]
    steps: tuple[str, ...]
    subjects: tuple[Subject, ...]


def registered(action: Action, after: Captured) -> Answered:
    """Return the registry's answer to a table after an action."""
    stack = action.state.stack
    subjects = judged(stack, action.table, after)
    refused = [one for one in subjects if one.answer is Answer.REFUSED]
    unknown = [one for one in subjects if one.answer is Answer.UNKNOWN]
    if refused:
        names = " and ".join(one.name for one in refused)
        reason = (f"at level {stack.level} the registry refuses the new schema of {names}, {_STOPPED}",)
        return Answered(Outcome.STOPS, reason, cures.with_level(stack, after, [*refused, *unknown], [action.step]), subjects)
    if unknown:
        reasons = tuple(f"whether the registry takes the schema of {one.name} is unknown: {one.reason}" for one in unknown)
        steps = (
            "to be safe, or where the registry refuses it and the source stops:",
            *cures.with_level(stack, after, unknown, [action.step]),
        )
        return Answered(Outcome.UNKNOWN, reasons, steps, subjects)
    return Answered(Outcome.FOLLOWS, (), (), subjects)
