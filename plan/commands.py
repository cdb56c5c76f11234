"""The command that prints what a stack declares and whether it fits, without network, CLI or cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checks.neutral import complain
from checks.terminal import show
from judgement.room import further_tables
from judgement.stack import SettingsError, parse_text
from plan.picture import drawn
from plan.report import heap_line, judgement, memory, memory_table, not_judged, tree
from plan.violations import recorded, violations
from policy.limits import of_stack, with_pack_configuration
from recording.recorder import ROOT, record
from recording.registration import UnsupportedOptionError
from recording.stackfile import StackFileError, stack_config
from recording.values import UnreadableValueError

if TYPE_CHECKING:
    from pathlib import Path

    from policy.declared import Limits
    from settings.model import Settings

REFUSED = 1


def plan(stack: str, *, policy_config: Path | None = None, picture: Path | None = None, brief: bool = False) -> int:
    """Print the plan of a stack.

    Args:
        stack: Its name.
        policy_config: Configuration of the policy pack, as the CLI takes it.
        picture: Where its memory is to be drawn.
        brief: Whether the tree of resources is left out.

    Returns:
        0, or 1 when the stack is refused, with the reason.
    """
    try:
        settings = parse_text(stack_config(ROOT, stack).values)
        limits = _limits(settings, policy_config)
        recording = record(stack)
        known = recorded(recording, limits)
        found = violations(known)
        sums = memory(known)
    except (SettingsError, StackFileError, UnsupportedOptionError, UnreadableValueError, ValueError, OSError) as error:
        complain(f"The stack {stack} is refused.\n{error}")
        return REFUSED
    if not brief:
        show(tree(recording), "")
    show(memory_table(sums), *heap_line(known, further_tables(settings)), "", judgement(found), *not_judged(recording))
    if any(violation.level == "mandatory" for violation in found):
        complain(f"The stack {stack} is refused.")
        return REFUSED
    if picture:
        try:
            picture.write_text(drawn(known, sums, stack), encoding="utf-8")
        except OSError as error:
            complain(f"error: the picture cannot be written to {picture}: {error.strerror}")
            return REFUSED
        show(f"Picture: {picture}")
    return 0


def _limits(settings: Settings, policy_config: Path | None) -> Limits:
    return with_pack_configuration(of_stack(settings), _given(policy_config) if policy_config else {})


def _given(policy_config: Path) -> dict[str, dict[str, Any]]:
    try:
        given = json.loads(policy_config.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the policy configuration {policy_config} cannot be read: {error.strerror}"
        raise ValueError(message) from None
    except ValueError as error:
        message = f"the policy configuration {policy_config} is not JSON: {error}"
        raise ValueError(message) from None
    if not isinstance(given, dict) or not all(isinstance(rule, dict) for rule in given.values()):
        message = f"the policy configuration {policy_config} must be an object with one object for each rule"
        raise ValueError(message)
    return given
