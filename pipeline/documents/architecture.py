"""The pictures in docs/architecture.md, drawn from what the stacks declare."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.description.diagram import picture
from pipeline.documents.generated import replaced
from pipeline.recording import record

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"
STACKS: Final = ("dev", "prod")


def updated(text: str) -> str:
    """Return the document with current diagrams.

    Raises:
        PartError: If the markers of a diagram are missing.
    """
    for stack in STACKS:
        text = replaced(text, f"picture of {stack}", picture(record(stack, preview=False)))
    return text
