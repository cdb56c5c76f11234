"""Scores of a table from counts; pure. The worst figure is the score, and what is not known is never good."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Verdict(StrEnum):
    """Verdict about a table."""

    GOOD = "good"
    WARNING = "warning"
    CRITICAL = "critical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts of one table over a window.

    Attributes:
        records: Committed records of the table's topic in the window; None if Kafka was not asked.
        missing: Those of them that neither archive nor dead letters have.
        rows: Rows of the archive whose change is in the window, those in quarantine included.
        distinct: Changes that they stand for.
        late: Rows that were archived later than they may be.
        judged: Rows that are states, and so are judged by rules.
        invalid: Those of them that break a rule.
        letters: Dead letters of the window that broke a rule.
        unmarked: Invalid rows among the good ones, which the sink has not set aside or marked.
        rules: Number of rules of the table.
    """

    records: int | None
    missing: int
    rows: int
    distinct: int
    late: int
    judged: int
    invalid: int
    letters: int
    unmarked: int
    rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Figures of one table, each from 0 to 1, None where it is not known.

    Attributes:
        completeness: Share of Kafka's records that archive or dead letters have.
        uniqueness: Share of rows that stand for a change of their own.
        timeliness: Share of rows that were archived in time.
        validity: Share of states that keep every rule; also None without a rule.
        has_rules: Whether the table has a rule, without which validity is no part of the score.
    """

    completeness: float | None
    uniqueness: float | None
    timeliness: float | None
    validity: float | None
    has_rules: bool = field(default=True)

    @property
    def score(self) -> float | None:
        """The worst figure; None if one is not known."""
        figures = [self.completeness, self.uniqueness, self.timeliness, *([self.validity] if self.has_rules else [])]
        known = [figure for figure in figures if figure is not None]
        return min(known) if len(known) == len(figures) else None


def share(good: int, whole: int) -> float | None:
    """Return the share of good ones, None of nothing."""
    return good / whole if whole > 0 else None


def scores(counts: Counts) -> Scores:
    """Return the figures of a table."""
    states = counts.judged + counts.letters
    return Scores(
        completeness=None if counts.records is None else share(counts.records - counts.missing, counts.records),
        uniqueness=share(counts.distinct, counts.rows),
        timeliness=share(counts.rows - counts.late, counts.rows),
        validity=share(counts.judged - counts.invalid, states) if counts.rules else None,
        has_rules=counts.rules > 0,
    )


def verdict(found: Scores, warning_percent: int, critical_percent: int) -> Verdict:
    """Return the verdict about a table: a row that is missing or twice is critical, however many there are.

    Args:
        found: Its figures.
        warning_percent: Score below which it is a warning.
        critical_percent: Score below which it is critical.
    """
    figures = (found.completeness, found.uniqueness, found.timeliness, found.validity)
    worst = min((figure for figure in figures if figure is not None), default=1.0)
    lost = any(figure is not None and figure < 1 for figure in (found.completeness, found.uniqueness))
    # a figure that is too low is so whatever the unknown ones are
    if lost or worst * 100 < critical_percent:
        return Verdict.CRITICAL
    if worst * 100 < warning_percent:
        return Verdict.WARNING
    return Verdict.UNKNOWN if found.score is None else Verdict.GOOD
