"""Verdict on one action of a statement, for one captured table or for none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.ddl.subjects import Subject


class Outcome(Enum):
    """Effect of an action on the pipeline, with its exit code."""

    UNCONCERNED = ("not captured", 0)
    FOLLOWS = ("follows by itself", 0)
    STEPS = ("needs steps", 1)
    STOPS = ("stops or loses", 1)
    UNKNOWN = ("cannot be judged", 2)

    def __init__(self, title: str, exit_code: int) -> None:
        """Keep title and exit code."""
        self.title = title
        self.exit_code = exit_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Verdict on one action.

    Attributes:
        what: The action, as SQL.
        outcome: What it does.
        reason: What happens in source, registry and sink, in sentences.
        table: Captured table that it concerns, by its name in the archive; empty for none.
        steps: What to do, in order; the statement itself is one of them.
        subjects: The registry's subjects of the table, with their schemas before and after.
        archive: What becomes of the archive's table and its files.
        database: What PostgreSQL does: its lock, and rows that are written anew.
        model: What to change in the model of the tables.
    """

    what: str
    outcome: Outcome
    reason: tuple[str, ...]
    table: str = ""
    steps: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    archive: tuple[str, ...] = ()
    database: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
