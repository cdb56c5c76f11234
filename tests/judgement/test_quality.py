"""Data quality that could not work, or would do nothing, is refused; one that works is in every part of the stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stack.judgement.stack import SettingsError, specify
from tests.declared import STACKS

if TYPE_CHECKING:
    from stack.problem import Problem

PLAIN = {"name": "logs", "columns": [{"name": "id", "type": "integer"}]}
RULED = {"name": "logs", "columns": [{"name": "id", "type": "integer"}, {"name": "size", "type": "integer", "quality": {"min": 0}}]}
ON = {"enabled": True}


def refusals(sections: dict[str, Any]) -> dict[str, Problem]:
    """Return the problems of a small stack by the path of their setting."""
    try:
        specify({"archive": {"bucket": "warehouse", "tasks": 1}, "source": {"tables": [PLAIN]}, **sections})
    except SettingsError as error:
        return {problem.path: problem for problem in error.problems}
    return {}


@pytest.mark.parametrize(
    ("sections", "path", "cure"),
    [
        ({"quality": ON}, "quality.enabled", "add rules under quality of a column, or set it to false"),
        ({"source": {"tables": [RULED]}}, "quality.enabled", "set it to true, or remove the rules"),
        ({"quality": {"action": "mark"}}, "quality.action", "remove it"),
        ({"quality": {"owners": {"public.logs": "ops"}}}, "quality.owners", "remove it"),
        (
            {"source": {"tables": [RULED]}, "quality": {**ON, "owners": {"public.log": "ops"}}},
            "quality.owners",
            "write public.logs",
        ),
        (
            {"source": {"tables": [RULED]}, "quality": {**ON, "windowMinutes": 55}},
            "quality.windowMinutes",
            "set archive.snapshotMinutes to 61 or more, or a shorter window",
        ),
        (
            {"source": {"tables": [RULED]}, "quality": {**ON, "warningPercent": 70}},
            "quality",
            "exchange them",
        ),
        (
            {"source": {"tables": [RULED]}, "quality": ON, "archive": {"bucket": "warehouse", "format": "parquet", "tasks": 1}},
            "quality.action",
            "set deadLetter or mark, or take the format iceberg",
        ),
        (
            {"source": {"tables": [RULED, {**PLAIN, "name": "logs_quarantine"}]}, "quality": ON},
            "quality.action",
            "set deadLetter or mark, or rename the captured table",
        ),
    ],
)
def test_what_cannot_work_or_has_no_effect_is_refused(sections: dict[str, Any], path: str, cure: str) -> None:
    found = refusals(sections)
    assert set(found) == {path}
    assert found[path].cure == cure


@pytest.mark.parametrize("action", ["quarantine", "deadLetter", "mark"])
def test_each_action_is_accepted_with_a_rule(action: str) -> None:
    assert refusals({"source": {"tables": [RULED]}, "quality": {**ON, "action": action}}) == {}


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_that_does_not_ask_for_it_has_nothing_of_it(name: str) -> None:
    from tests.declared import Declared  # noqa: PLC0415 - records a program

    declared = Declared.of(name)
    assert not [key for key in declared.sink_config if "quality" in key or "quarantine" in str(declared.sink_config[key])]


def test_a_quarantine_is_counted_on_the_workers_heap() -> None:
    """One more file for each task and hour of a backlog: the model that the sink's memory is judged by must know it."""
    small = {"streaming": {"connect": {"jvm": {"heapMib": 100}}}, "source": {"tables": [RULED]}}
    needed = {}
    for action in ("deadLetter", "quarantine"):
        problem = refusals({**small, "quality": {**ON, "action": action}})["streaming.connect.jvm.heapMib"]
        needed[action] = problem.rule
    assert "24 open files" in needed["deadLetter"]
    assert "48 open files" in needed["quarantine"]
