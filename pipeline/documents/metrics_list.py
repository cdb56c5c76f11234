"""The table of metrics in docs/metrics.md, from the exporter's own list."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.documents.generated import replaced
from pipeline.status.metrics import METRICS

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def table() -> str:
    """Return the table: name, type, labels, meaning."""
    rows = [(f"`{one.name}`", "gauge", ", ".join(f"`{label}`" for label in one.labels), one.meaning) for one in METRICS]
    lines = [("metric", "type", "labels", "meaning"), ("---",) * 4, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def updated(text: str) -> str:
    """Return the document with a fresh table."""
    return replaced(text, "metrics", table())
