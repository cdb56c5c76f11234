"""Settings of data quality: what becomes of a row that breaks a rule, and from when on a score is too low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from stack.problem import Problem
from stack.settings.section import Section
from stack.settings.types import Line, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator

# Column of an archived row with the names of the rules that it breaks, such as ``price.min status.oneOf``.
BROKEN_RULES: Final = "__quality_rules"
# What a quarantined row has behind its topic in ``__topic``, by which the sink routes it: no topic has the letter.
QUARANTINE: Final = "/quarantine"

# Clocks of database, brokers, catalog and of the machine with the check differ by less.
CLOCKS_S: Final = 60


def quarantine_name(archive_name: str) -> str:
    """Return the name of the table with the bad rows of an archived table."""
    return f"{archive_name}_quarantine"


class QualitySettings(Section):
    """Data quality: each row is judged by the rules of its table before it is archived, and the archive is judged once more."""

    enabled: Switch = False
    """If true, the sink judges each row by the rules in ``source.tables``, and by those that follow from the tables' CHECKs."""
    action: Literal["quarantine", "deadLetter", "mark"] = "quarantine"
    """Place of a row that breaks a rule. ``quarantine``: a table of its own beside that of the good rows, ``<table>_quarantine``, in the
    same commit; only with ``archive.format: iceberg``. ``deadLetter``: the dead-letter topic, with its original bytes. ``mark``: the table
    itself, with the names of the rules in ``__quality_rules``."""
    late_after_s: int = Field(default=300, ge=1, le=86_400, strict=True)
    """Seconds from the commit in the database to that in the archive from which a row counts as late."""
    window_minutes: int = Field(default=30, ge=5, le=10_080, strict=True)
    """Minutes of changes that the check of the archive judges, by the time of their commit in the database; it ends ``lateAfterS`` ago,
    and the snapshots of the whole time must be there still (``archive.snapshotMinutes``)."""
    warning_percent: int = Field(default=95, ge=1, le=100, strict=True)
    """Score, in percent, below which a table needs its owner."""
    critical_percent: int = Field(default=80, ge=1, le=100, strict=True)
    """Score, in percent, below which a table needs somebody at once."""
    owners: dict[Line, Line] = Field(default={})
    """Owner of a table, by table such as ``public.orders``: a name, an address or a channel, or several between commas. An alert about a
    low score names the owner, and goes to its addresses and channels too, by the ways of ``monitoring.receivers``."""

    @property
    def quarantines(self) -> bool:
        """True if bad rows have tables of their own."""
        return self.enabled and self.action == "quarantine"

    @property
    def marks(self) -> bool:
        """True if bad rows are archived among the others, with a mark."""
        return self.enabled and self.action == "mark"

    def contradictions(self) -> Iterator[Problem]:
        """Yield thresholds in the wrong order."""
        if self.critical_percent > self.warning_percent:
            yield Problem(
                rule=f"criticalPercent is {self.critical_percent} and warningPercent is {self.warning_percent}: a score would be critical "
                "before it is a warning",
                cure="exchange them",
            )
