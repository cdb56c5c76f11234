"""Scores for Prometheus: a quiet table keeps its last one for an hour, and one that is not known has none."""

from __future__ import annotations

import socket
import threading
import urllib.request
from typing import TYPE_CHECKING, Any

from pipeline.quality.exporter import KEPT_S, LastScores, serve
from tests.quality.test_scoring import WHOLE, changed, report

if TYPE_CHECKING:
    from pipeline.quality.scoring import Counts

QUIET = changed(records=0, rows=0, distinct=0, judged=0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        """Begin at a second."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def samples(last: LastScores) -> dict[str, float]:
    return {one.labels["table"]: one.value for family in last.collect() if family.name == "data_quality_score" for one in family.samples}


def shown(*rounds: tuple[Counts | None, ...], clock: Any = None) -> LastScores:
    last = LastScores(clock or Clock())
    for tables in rounds:
        last.show(report(*tables))
    return last


def test_the_score_and_its_figures_have_the_checkpoint_and_the_table() -> None:
    families = {family.name: family.samples for family in shown((changed(invalid=9),)).collect()}
    (score,) = families["data_quality_score"]
    assert (score.labels, score.value) == ({"checkpoint": "archive", "table": "public.t0"}, 0.9)
    figures = {one.labels["figure"]: one.value for one in families["data_quality_figure"]}
    assert figures == {"completeness": 1.0, "uniqueness": 1.0, "timeliness": 1.0, "validity": 0.9}


def test_a_window_without_a_change_leaves_the_last_score_for_an_hour() -> None:
    clock = Clock()
    last = shown((changed(invalid=9),), (QUIET,), clock=clock)
    assert samples(last) == {"public.t0": 0.9}
    clock.now += KEPT_S
    assert samples(last) == {"public.t0": 0.9}
    clock.now += 1
    assert samples(last) == {}


def test_a_table_that_cannot_be_measured_has_no_score_at_once() -> None:
    assert samples(shown((WHOLE, WHOLE), (None, changed(records=None)))) == {}
    assert samples(shown((WHOLE,), (changed(rows=0, distinct=0, judged=0),))) == {}


def test_a_table_that_lacks_every_row_of_the_window_shows_that_without_a_score() -> None:
    last = shown((changed(records=10, missing=10, rows=0, distinct=0, judged=0),))
    figures = [one for family in last.collect() for one in family.samples]
    assert [(one.name, one.labels["figure"], one.value) for one in figures] == [("data_quality_figure", "completeness", 0.0)]


def test_a_scrape_gets_the_scores_of_the_last_check() -> None:
    ended, port = threading.Event(), free_port()
    checked = threading.Event()

    def check() -> Any:
        checked.set()
        return report(changed(late=6))

    thread = threading.Thread(target=serve, args=(check, port, "127.0.0.1", 60.0, ended))
    thread.start()
    try:
        assert checked.wait(20)
        for _ in range(100):
            text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode()
            if "data_quality_score" in text:
                break
            ended.wait(0.05)
        assert 'data_quality_score{checkpoint="archive",table="public.t0"} 0.94' in text
    finally:
        ended.set()
        thread.join(20)
