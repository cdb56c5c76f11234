"""Rules for the operations that a source captures: every change of a row, a TRUNCATE where the image's transform marks it, no message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.classes import TRUNCATE_MARKS, UNWRAP
from stack.configs.problems import problem
from stack.configs.rules import listed, transforms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem


NO_MESSAGES = ".*"
"""Prefixes of messages that the source leaves out: all, since any role may write one and no topic takes it."""


def operation_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check that no change is left out, that no message stops the others, and that a TRUNCATE reaches the image's transform as it is."""
    key, skipped = "skipped.operations", [operation.lower() for operation in listed(config, "skipped.operations")]
    classes = [name for _prefix, name in transforms(config)]
    marks = TRUNCATE_MARKS in classes
    dropped = sorted({"c", "u", "d"} & set(skipped))
    problems = []
    truncated = "rows that a TRUNCATE has removed would stay in the current state of the archive"
    if dropped:
        cure = "set none" if marks else f"remove {', '.join(dropped)} from the list"
        problems.append(problem(config, key, "inserts (c), updates (u) or deletes (d) would be left out", cure))
    elif marks and skipped != ["none"]:
        problems.append(problem(config, key, f"{truncated}: Debezium leaves out truncates (t) by default", "set none"))
    if marks and listed(config, "message.prefix.exclude.list") != [NO_MESSAGES]:
        rule = (
            "a message of pg_logical_emit_message, which any role may write, has no topic: the source would wait for one and read no more"
        )
        problems.append(problem(config, "message.prefix.exclude.list", rule, f"set {NO_MESSAGES}"))
    if marks and UNWRAP in classes and classes.index(UNWRAP) < classes.index(TRUNCATE_MARKS):
        problems.append(
            problem(config, "transforms", f"{truncated}: {UNWRAP} drops them", f"name the transform of {TRUNCATE_MARKS} before it")
        )
    return problems
