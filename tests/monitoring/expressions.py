"""The metrics that an expression of PromQL reads, with the labels that it asks for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser

SCRAPES = Path(__file__).parent / "scrapes"
_LABEL = re.compile(r'([a-zA-Z_]\w*)="')
# Labels that Prometheus itself puts on every series of a target
_OF_TARGETS = {"job", "instance", "pod"}


def selectors(expression: str) -> list[Any]:
    """Return every selector of series in an expression."""
    found, open_ = [], [promql_parser.parse(expression)]
    while open_:
        node = open_.pop()
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        children = [getattr(node, part, None) for part in ("expr", "lhs", "rhs", "vector_selector")]
        open_ += [child for child in [*children, *(getattr(node, "args", None) or [])] if child is not None]
    return found


def metrics(expression: str) -> set[str]:
    """Return the names of the metrics that an expression reads."""
    return {str(one.name) for one in selectors(expression)}


def asked_labels(expression: str) -> set[tuple[str, str]]:
    """Return metric and label of each matcher in an expression, without the labels of targets."""
    return {
        (str(one.name), matcher.name)
        for one in selectors(expression)
        for matcher in one.matchers.matchers
        if matcher.name not in {"__name__", *_OF_TARGETS}
    }


def scraped() -> dict[str, set[str]]:
    """Return the metrics in the kept scrapes, each with the names of its labels."""
    found: dict[str, set[str]] = {}
    for path in SCRAPES.glob("*.txt"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                found.setdefault(re.split(r"[{ ]", line, maxsplit=1)[0], set()).update(_LABEL.findall(line))
    return found
