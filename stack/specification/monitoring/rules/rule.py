"""Alert rules and recording rules as values, and their form in a rule file of Prometheus. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["critical", "warning", "info"]
"""``critical``: rows are lost or will be, or nobody would see it; ``warning``: for the same day; ``info``: on the page of alerts only."""

Area = Literal["monitoring", "database", "source", "connect", "kafka", "archive", "registry", "java", "containers", "quality"]
"""Part of the pipeline that an alert is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Rule of one alert.

    Attributes:
        alert: Name of the alert, and of its page below ``docs/runbooks``.
        area: Part of the pipeline.
        severity: How urgent it is.
        expression: Expression of PromQL; a series in its result is an alert.
        wait_s: Seconds for which the expression must hold.
        meaning: What the alert says, in one sentence without figures.
        summary: The same with the figures, as a template of Prometheus.
        next: Command, or place, that comes next.
        labels: Further labels, each as a template of Prometheus; an empty one is none.
    """

    alert: str
    area: Area
    severity: Severity
    expression: str
    wait_s: int = 0
    meaning: str
    summary: str
    next: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def rendered(self, runbooks: str) -> dict[str, Any]:
        """Return the rule as Prometheus reads it.

        Args:
            runbooks: What comes before the name of a page of ``docs/runbooks``, slash included.
        """
        return {
            "alert": self.alert,
            "expr": self.expression,
            **({"for": duration(self.wait_s)} if self.wait_s else {}),
            "labels": {"severity": self.severity, "area": self.area, **self.labels},
            "annotations": {"summary": self.summary, "next": self.next, "runbook": f"{runbooks}{self.alert}.md"},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Rule that records the result of an expression as a metric.

    Attributes:
        record: Name of the metric.
        expression: Expression of PromQL.
        labels: Further labels of the result.
        meaning: Meaning of the metric.
    """

    record: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)
    meaning: str

    def rendered(self) -> dict[str, Any]:
        """Return the rule as Prometheus reads it."""
        return {"record": self.record, "expr": self.expression, **({"labels": dict(self.labels)} if self.labels else {})}


def command(words: str) -> str:
    """Return the command line of the project's command for a stack whose name the reader knows."""
    return f".venv/bin/python -m pipeline {words} --stack NAME"


def duration(seconds: float) -> str:
    """Return a time span in the largest unit of Prometheus that has it whole."""
    whole = round(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if whole and whole % size == 0:
            return f"{whole // size}{unit}"
    return f"{whole}s"
