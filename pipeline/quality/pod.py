"""Scores of the archive in the pod of the exporter: a check every five minutes beside its looks, and both figures at one address."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.neutral import complain
from pipeline.description.keys import with_keys
from pipeline.description.stack import UnansweredError
from pipeline.quality.exporter import LastScores
from pipeline.quality.looking import Bounds, check, unmeasured
from pipeline.status.serving import at_intervals
from stack.settings.quality import QualitySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.description.stack import Description
    from pipeline.quality.report import Report

EVERY_S: Final = 300.0
"""Seconds between the beginnings of two checks; a window has as many changes whatever the interval is."""


class Scores:
    """Checks of one stack, whose scores a scrape gets.

    Args:
        stack: The stack.
        settings: Its settings of data quality.
        bounds: Bounds of a check's memory.

    Attributes:
        last: Collector of the scores.
    """

    def __init__(self, stack: Description, settings: QualitySettings, bounds: Bounds) -> None:
        """Check nothing yet."""
        self.last = LastScores()
        self._stack, self._settings, self._bounds = stack, settings, bounds
        self._reasons: tuple[str, ...] = ()

    def work(self) -> None:
        """Check once, show the scores, and say why a table has none."""
        report = self._report()
        self.last.show(report)
        reasons = tuple(f"{table.name}: {reason}" for table in report.tables for reason in table.reasons)
        # a reason that stays is said once
        for reason in reasons if reasons != self._reasons else ():
            complain(f"no score of {reason}")
        self._reasons = reasons

    def _report(self) -> Report:
        stack = self._stack
        try:
            return check(with_keys(stack), self._settings, stack.tables, bounds=self._bounds)
        except UnansweredError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - such as a full disk; a thread that ends would leave no word of it
            reason = f"the check has failed: {type(error).__name__}"
        return unmeasured(stack, self._settings, stack.tables, reason)


def beside(document: Mapping[str, Any], stack: Description, ended: threading.Event) -> LastScores:
    """Start checks in a thread, and return the collector of their scores.

    Args:
        document: Document of the pod; its key ``quality`` has the settings and the bounds.
        stack: The stack.
        ended: Ends the checks.
    """
    said = document["quality"]
    bounds = Bounds(duckdb_mib=said["duckdbMib"], threads=1, fetched_mib=said["fetchedMib"])
    scores = Scores(stack, QualitySettings.model_validate(said["settings"]), bounds)
    # a check that a container's end interrupts leaves nothing behind but files in the pod's own folder
    threading.Thread(target=at_intervals, args=(scores.work, EVERY_S, ended), name="scores", daemon=True).start()
    return scores.last
