"""Report of a check of the archive: one line for each table, or JSON. No value of a row is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.quality.scoring import Counts, Scores, Verdict, scores, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.quality.measuring import Window

FORM: Final = 1
"""Version of the JSON; it grows by one when a key changes its meaning or goes."""
_UNMEASURED: Final = Scores(completeness=None, uniqueness=None, timeliness=None, validity=None)
_HEAD: Final = ("table", "score", "verdict", "complete", "unique", "timely", "valid", "rows", "owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """Report of one table.

    Attributes:
        name: Schema and table.
        counts: What was counted; None if it could not be.
        owner: Owner by the settings, or empty.
        reasons: Reasons why figures are not known.
    """

    name: str
    counts: Counts | None
    owner: str
    reasons: tuple[str, ...]

    @property
    def scores(self) -> Scores:
        """Figures of the table."""
        return _UNMEASURED if self.counts is None else scores(self.counts)


@dataclass(frozen=True, slots=True)
class Report:
    """Report of a check.

    Attributes:
        stack: Name of the stack.
        window: The window.
        warning_percent: Score below which a table is a warning.
        critical_percent: Score below which a table is critical.
        tables: Reports of the tables.
    """

    stack: str
    window: Window
    warning_percent: int
    critical_percent: int
    tables: tuple[TableReport, ...]

    def verdict(self, table: TableReport) -> Verdict:
        """Return the verdict about a table."""
        return verdict(table.scores, self.warning_percent, self.critical_percent)

    @property
    def exit_code(self) -> int:
        """0 if every table is good, 1 if one is not good enough, 3 if none of these but one is not known."""
        found = Counter(self.verdict(table) for table in self.tables)
        if found[Verdict.WARNING] or found[Verdict.CRITICAL]:
            return 1
        return 3 if found[Verdict.UNKNOWN] or not self.tables else 0

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON."""
        return {
            "form": FORM,
            "stack": self.stack,
            "checkpoint": "archive",
            "window": asdict(self.window),
            "tables": [
                {
                    "table": table.name,
                    "score": table.scores.score,
                    "verdict": self.verdict(table).value,
                    **{name: getattr(table.scores, name) for name in ("completeness", "uniqueness", "timeliness", "validity")},
                    "counts": None if table.counts is None else asdict(table.counts),
                    "owner": table.owner or None,
                    "reasons": list(self._reasons(table)),
                }
                for table in self.tables
            ],
        }

    def lines(self) -> Iterator[str]:
        """Yield the lines of the screen."""
        rows = [_HEAD, *(self._row(table) for table in self.tables)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for table in self.tables:
            yield from (f"{table.name}: {reason}" for reason in self._reasons(table))

    def _row(self, table: TableReport) -> tuple[str, ...]:
        found = table.scores
        shares = (_percent(found.completeness), _percent(found.uniqueness), _percent(found.timeliness))
        valid = _percent(found.validity) if found.has_rules else "no rule"
        number = "?" if table.counts is None else f"{table.counts.rows:,}"
        return (table.name, _percent(found.score), self.verdict(table).value, *shares, valid, number, table.owner or "-")

    def _reasons(self, table: TableReport) -> Iterator[str]:
        yield from table.reasons
        counts = table.counts
        if counts is None:
            return
        named = f"python -m pipeline audit --stack {self.stack} names them"
        said = (
            (counts.missing, f"record(s) of Kafka are neither in the archive nor dead letters: {named}"),
            (counts.rows - counts.distinct, f"row(s) stand for a change that another row stands for: {named}"),
            (counts.late, "row(s) were archived late"),
            (counts.invalid + counts.letters, "row(s) break a rule of the table"),
            (counts.unmarked, "of these are among the good rows: archived before the rule was there, or the sink judges by other rules"),
        )
        yield from (f"{number:,} {text}" for number, text in said if number)
        if not counts.rows:
            yield "no change is in the window, and nothing is known of none"


def _percent(figure: float | None) -> str:
    if figure is None:
        return "unknown"
    # never rounded up to the whole
    return f"{int(figure * 10_000) / 100:.2f} %"
