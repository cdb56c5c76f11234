"""Room for more: how many further tables of the same kind a stack could capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.judgement.fit import fit_problems
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from stack.settings.model import Settings

# A larger room is no figure to plan with.
_MOST = 50


def further_tables(settings: Settings) -> int:
    """Return how many copies of the stack's last table still fit, in heap, in the brokers' disk and in everything else that is counted."""
    for number in range(1, _MOST + 1):
        found, uncountable = fit_problems(Specification.of(_with_tables(settings, number)))
        if found or uncountable:
            return number - 1
    return _MOST


def _with_tables(settings: Settings, number: int) -> Settings:
    tables = settings.source.tables
    # at most 63 characters, PostgreSQL's own limit of a name
    copies = [tables[-1].model_copy(update={"name": f"{tables[-1].name[:58]}_{index:03}"}) for index in range(number)]
    return settings.model_copy(update={"source": settings.source.model_copy(update={"tables": (*tables, *copies)})})
