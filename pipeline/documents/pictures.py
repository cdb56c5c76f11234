"""The memory of each stack as a picture, docs/memory-<stack>.svg."""

from __future__ import annotations

from typing import Final

from pipeline.plan.picture import drawn
from pipeline.plan.report import memory
from pipeline.plan.violations import recorded
from pipeline.recording.recorder import ROOT, record
from pipeline.recording.stackfile import stack_config
from policy.limits import of_stack
from stack.judgement.stack import parse_text

DOCUMENTS: Final = {stack: ROOT / "docs" / f"memory-{stack}.svg" for stack in ("dev", "prod", "sandbox")}
"""Stack to its picture."""


def picture(stack: str) -> str:
    """Return a stack's picture as SVG text."""
    known = recorded(record(stack), of_stack(parse_text(stack_config(ROOT, stack).values)))
    return drawn(known, memory(known), stack)
