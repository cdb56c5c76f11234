"""The memory of each stack as a picture, docs/memory-<stack>.svg."""

from __future__ import annotations

from typing import Final

from judgement.stack import parse_text
from plan.picture import drawn
from plan.report import memory
from plan.violations import recorded
from policy.limits import of_stack
from recording.recorder import ROOT, record
from recording.stackfile import stack_config

DOCUMENTS: Final = {stack: ROOT / "docs" / f"memory-{stack}.svg" for stack in ("dev", "prod", "sandbox")}
"""Stack to its picture."""


def picture(stack: str) -> str:
    """Return a stack's picture as SVG text."""
    known = recorded(record(stack), of_stack(parse_text(stack_config(ROOT, stack).values)))
    return drawn(known, memory(known), stack)
