"""Exporter for Prometheus: a thread looks at intervals, and a scrape gets the figures of its last look without waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pipeline.status.looking import PART_S
from pipeline.status.metrics import METRICS
from pipeline.status.serving import serve
from pipeline.status.view import view

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from pipeline.status.facts import Snapshot
    from pipeline.status.view import View
    from stack.specification.lateness import Lateness

# Looks that may be missed until the figures are given no longer
_MISSED: Final = 3


class Figures(Collector):
    """Figures of the last look; none before the first one, and none once it is too old: Prometheus would take old figures for new ones.

    Args:
        most_s: Age from which a look is too old.
        clock: Function that returns the time in seconds since 1970.
    """

    def __init__(self, most_s: float, clock: Callable[[], float] = time.time) -> None:
        """Have no look yet."""
        self._most_s, self._clock = most_s, clock
        self._view: View | None = None

    def show(self, seen: View) -> None:
        """Take a look's figures."""
        self._view = seen

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every metric that has a figure."""
        seen = self._view
        if seen is None or self._clock() - seen.snapshot.taken > self._most_s:
            return
        for metric in METRICS:
            family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            for labels, value in metric.samples(seen):
                family.add_metric(labels, value)
            if family.samples:
                yield family


class Exporter:
    """Exporter of one stack.

    Args:
        look: Function that looks at the stack.
        limits: Lateness of the stack.
        every_s: Seconds between the beginnings of two looks.
    """

    def __init__(self, look: Callable[[], Snapshot], limits: Lateness, every_s: float) -> None:
        """Look not yet."""
        self._look, self._limits, self._every_s = look, limits, every_s
        self._before: Snapshot | None = None
        # a look has two rounds of questions
        self.figures = Figures(_MISSED * every_s + 2 * PART_S)

    def look(self) -> None:
        """Look once, and show the figures."""
        seen = view(self._look(), self._limits, self._before)
        self._before = seen.snapshot
        self.figures.show(seen)

    def run(self, port: int, address: str, ended: threading.Event, beside: Iterable[Collector] = ()) -> None:
        """Serve the figures, and look until the event is set.

        Args:
            port: TCP port to listen at.
            address: Address to listen at.
            ended: Ends the looking.
            beside: Collectors of further figures.

        Raises:
            OSError: If the address cannot be listened at.
        """
        serve([self.figures, *beside], self.look, port, address, self._every_s, ended)
