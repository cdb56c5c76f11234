"""Scores for Prometheus: a check at intervals, and a scrape gets the figures of the last one without waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline.status import serving

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from pipeline.quality.report import Report
    from pipeline.quality.scoring import Scores

# Time for which a quiet table has its last score; an older one says nothing of the present
KEPT_S: Final = 3600.0
_FIGURES: Final = ("completeness", "uniqueness", "timeliness", "validity")


class LastScores(Collector):
    """Last known scores of each table; a table without one has no sample, since no score is not a good score.

    Args:
        clock: Function that returns the time in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Have no score yet."""
        self._clock = clock
        self._known: dict[str, tuple[float, Scores]] = {}

    def show(self, report: Report) -> None:
        """Take the scores of a check.

        A window without a change leaves the figures before it, for an hour; a table that could not be measured loses its own at once.
        """
        for table in report.tables:
            is_quiet = table.counts is not None and table.counts.records == 0 and table.counts.rows == 0
            if not is_quiet:
                self._known[table.name] = (self._clock(), table.scores)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the scores, and the figures that they are the worst of."""
        score = GaugeMetricFamily("data_quality_score", "worst figure of a table, from 0 to 1", labels=("checkpoint", "table"))
        figure = GaugeMetricFamily("data_quality_figure", "one figure of a table, from 0 to 1", labels=("checkpoint", "table", "figure"))
        for table, (taken, found) in sorted(self._known.items()):
            if self._clock() - taken > KEPT_S:
                continue
            if found.score is not None:
                score.add_metric(("archive", table), found.score)
            # also where another one is not known: of a table that lacks every row, completeness alone is
            for name in _FIGURES:
                value = getattr(found, name)
                if value is not None:
                    figure.add_metric(("archive", table, name), value)
        yield from (family for family in (score, figure) if family.samples)


def serve(check: Callable[[], Report], port: int, address: str, every_s: float, ended: threading.Event) -> None:
    """Serve the scores, and check until the event is set.

    Args:
        check: Function that checks the tables once.
        port: TCP port to listen at.
        address: Address to listen at, without a login.
        every_s: Seconds between the beginnings of two checks.
        ended: Ends the checking.

    Raises:
        OSError: If the address cannot be listened at.
    """
    last = LastScores()
    serving.serve([last], lambda: last.show(check()), port, address, every_s, ended)
