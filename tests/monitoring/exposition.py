"""Answers of Prometheus' agent: their series, and the stored ones that the tests of rules and dashboards look names up in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SCRAPES = Path(__file__).parent / "scrapes"
# Set to write the stored answers anew, in place of a comparison with them.
RECORD = "RECORD_SCRAPES"
# Series of one metric that are stored: each of a few states and pools, and not each partition.
_MOST = 8


def series(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield name and labels of each series."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield sample.name, dict(sample.labels)


def shapes(text: str) -> set[tuple[str, tuple[str, ...]]]:
    """Return each metric with the names of its labels."""
    return {(name, tuple(sorted(labels))) for name, labels in series(text)}


def names(text: str) -> set[str]:
    """Return the names of all metrics."""
    return {name for name, _labels in series(text)}


def trimmed(text: str, comment: str) -> str:
    """Return an answer without help texts and without most series of a metric, and with a comment in front."""
    kept, counts = [f"# {comment}"], dict[str, int]()
    for line in text.splitlines():
        name = line.partition("{")[0].partition(" ")[0]
        if line.startswith("# TYPE"):
            kept.append(line)
        elif not line.startswith("#"):
            counts[name] = counts.get(name, 0) + 1
            kept += [line] if counts[name] <= _MOST else []
    return "\n".join(kept) + "\n"


def compared(file: str, text: str, comment: str, optional: Collection[str] = ()) -> set[tuple[str, tuple[str, ...]]]:
    """Return what the stored answer has and this one has not, or store this one.

    Args:
        file: Name of the stored answer.
        text: This answer.
        comment: First line of a stored one.
        optional: Metrics that an answer may lack.
    """
    stored = SCRAPES / file
    if os.environ.get(RECORD):
        stored.write_text(trimmed(text, comment), encoding="utf-8")
    return {shape for shape in shapes(stored.read_text(encoding="utf-8")) - shapes(text) if shape[0] not in optional}
