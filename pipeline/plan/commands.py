"""The command that prints what a stack declares and whether it fits, without network, CLI or cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show
from pipeline.plan.picture import drawn
from pipeline.plan.report import further_memory, heap_line, judgement, memory, memory_table, not_judged, tree
from pipeline.plan.violations import recorded, violations
from pipeline.recording.recorder import ROOT, record
from pipeline.recording.registration import UnsupportedOptionError
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from pipeline.recording.values import UnreadableValueError
from policy.configuration import Configuration
from policy.limits import of_stack, with_pack_configuration
from stack.judgement.effects import assumed_tables
from stack.judgement.room import further_tables
from stack.judgement.stack import SettingsError, parse_text

if TYPE_CHECKING:
    from pathlib import Path


REFUSED, UNKNOWN_STACK = 1, 2


def plan(stack: str, *, policy_config: Path | None = None, picture: Path | None = None, brief: bool = False) -> int:
    """Print the plan of a stack.

    Args:
        stack: Its name.
        policy_config: Configuration of the policy pack, as the CLI takes it.
        picture: Where its memory is to be drawn.
        brief: Whether the tree of resources is left out.

    Returns:
        0, 1 when the stack is refused, with the reason, or 2 when there is none of this name.
    """
    try:
        settings = parse_text(stack_config(ROOT, stack).values)
        configuration = _configuration(policy_config)
        recording = record(stack)
        known = recorded(recording, with_pack_configuration(of_stack(settings), configuration.values))
        found = violations(known, configuration)
        sums = memory(known)
    except UnknownStackError as error:
        complain(f"error: {error}")
        return UNKNOWN_STACK
    except (SettingsError, StackFileError, UnsupportedOptionError, UnreadableValueError, ValueError, OSError) as error:
        complain(f"The stack {stack} is refused.\n{error}")
        return REFUSED
    if not brief:
        show(tree(recording), "")
    further = [memory_table(own, f"Memory of {namespace} in MiB") for namespace, own in further_memory(known).items()]
    show(memory_table(sums), *further, *heap_line(known, further_tables(settings)), "", judgement(found), *not_judged(recording))
    warning = assumed_tables(settings, stack)
    if warning:
        complain(f"warning: {warning}")
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


def _configuration(policy_config: Path | None) -> Configuration:
    if policy_config is None:
        return Configuration()
    try:
        return Configuration.read(policy_config.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"the policy configuration {policy_config} cannot be read: {error.strerror}"
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"the policy configuration {policy_config} is not JSON: {error}"
    except ValueError as error:
        message = f"the policy configuration {policy_config} {error}"
    raise ValueError(message) from None
