"""One moment of some series, and the alerts that Prometheus has at that moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case of an alert.

    Attributes:
        alert: Name of the alert.
        why: What happens.
        at: Moment, from the first sample on; without alert, the last one of those at which it must not fire.
        series: Series with their samples in promtool's spelling, one for each step.
        labels: Labels of the alert that fires; None if none does.
        summary: Its summary.
        stack: One of ``tests.declared.STACKS``.
        step: Time between two samples, and between two evaluations.
    """

    alert: str
    why: str
    at: str
    series: Mapping[str, str]
    labels: Mapping[str, str] | None = None
    summary: str = ""
    stack: str = "glue"
    step: str = "1m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A recorded metric at one moment.

    Attributes:
        metric: Its name, or an expression over it.
        why: What happens.
        at: Moment, from the first sample on.
        series: Series with their samples, one every 15 seconds.
        samples: Expected series with their values.
        stack: One of ``tests.declared.STACKS``.
    """

    metric: str
    why: str
    at: str
    series: Mapping[str, str]
    samples: Mapping[str, float]
    stack: str = "glue"


def fires(alert: str, why: str, at: str, series: Mapping[str, str], summary: str, /, **labels: str) -> Case:
    """Return a case in which one alert fires."""
    return Case(alert=alert, why=why, at=at, series=series, labels=labels, summary=summary)


def silent(alert: str, why: str, at: str, series: Mapping[str, str]) -> Case:
    """Return a case in which the alert stays silent up to a moment."""
    return Case(alert=alert, why=why, at=at, series=series)
