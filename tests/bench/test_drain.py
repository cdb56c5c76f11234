"""Rates follow from the commits, and every measurement cleans up behind itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from providers.kafkaconnect.status import Part, Status
from providers.waiting import Patience
from sandbox.bench import drain, rows, sink
from sandbox.bench.backlog import Queued
from sandbox.bench.drain import Commit
from sandbox.bench.figures import FiguresError
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from pipeline.reading.archive import Archive

OUTPUTS: dict[str, Any] = {"connect": {"url": "http://127.0.0.1:8083", "user": "admin", "password": "secret"}}


class Worker:
    """A client of a Connect worker that records the requests it receives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, obeys: bool = True) -> None:
        """Replace the client of the real worker."""
        self.asked: list[str] = []
        self.obeys = obeys
        monkeypatch.setattr("sandbox.connectors.client", lambda _: self)

    def pause(self, name: str) -> None:
        """Pause, or pretend to."""
        self.asked.append(f"pause {name}")

    def resume(self, name: str) -> None:
        """Go on."""
        self.asked.append(f"resume {name}")

    def status(self, _: str) -> Status:
        """Report the connector as paused at once, its task only if it obeys."""
        return Status(Part("connector", "PAUSED"), (Part("task 0", "PAUSED" if self.obeys else "RUNNING"),))


class Files:
    """An archive that answers counts with fixed numbers."""

    def __init__(self, *rows: tuple[int, int]) -> None:
        """Store the answers."""
        self._rows = [{"changes": changes, "keys": keys} for changes, keys in rows]

    def query(self, *_: object) -> list[dict[str, int]]:
        """Return the answers to any query."""
        return self._rows


def complete(*counts: tuple[int, int]) -> bool:
    """Tell whether an archive with these counts holds ten rows, each once."""
    return drain._complete(cast("Archive", Files(*counts)), drain._Wanted(rows.chosen(TABLES), "mark", "c", 10))


def test_the_rate_after_the_first_commit_excludes_that_commit() -> None:
    found = drain.drained(100.0, [Commit(130.0, 500), Commit(110.0, 100), Commit(120.0, 400)])
    assert (found.rows, found.total_s, found.first_s) == (1000, 30.0, 10.0)
    assert found.rate == pytest.approx(1000 / 30)
    assert found.rate_after_first == pytest.approx(900 / 20)


def test_one_commit_has_no_rate_after_the_first() -> None:
    found = drain.drained(100.0, [Commit(110.0, 100)])
    assert found.rate_after_first is None
    names = [row[0] for row in drain.table(Queued(100, 1.0, 2.0), found, found).rows]
    assert not [name for name in names if "after the first commit" in name]


def test_the_table_gives_source_and_sink_apart() -> None:
    taken = drain.drained(0.0, [Commit(10.0, 100), Commit(20.0, 100)])
    assert drain.table(Queued(200, 2.0, 8.0), taken, taken).rows == (
        ("source: PostgreSQL to Kafka", "200", "8.0", "25"),
        ("of that, the INSERTs themselves", "200", "2.0", "100"),
        ("sink: Kafka to the archive", "200", "20.0", "10"),
        ("of that, after the first commit", "100", "10.0", "10"),
        ("both together: DELETE to the archive", "200", "20.0", "10"),
        ("rows missing or twice in the archive", "0", "-", "-"),
    )


def test_the_archive_is_complete_when_it_holds_every_row_once() -> None:
    assert complete((10, 10))
    assert not complete((9, 9))
    assert not complete(), "an archive without files"


@pytest.mark.parametrize("counts", [(11, 10), (11, 11), (9, 8)])
def test_a_duplicate_or_unknown_row_is_an_error(counts: tuple[int, int]) -> None:
    with pytest.raises(FiguresError, match="where 10 were made, each once"):
        complete(counts)


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, FiguresError])
def test_the_sink_resumes_however_the_measurement_ends(monkeypatch: pytest.MonkeyPatch, ended_by: type[BaseException]) -> None:
    worker = Worker(monkeypatch)
    with pytest.raises(ended_by), sink.held_back(OUTPUTS, Patience(10)):
        raise ended_by
    assert worker.asked == ["pause s3-sink-connector", "resume s3-sink-connector"]


def test_a_sink_that_does_not_pause_is_an_error_and_resumes(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(monkeypatch, obeys=False)
    with pytest.raises(FiguresError, match="given up after 0 s: the sink does not pause"), sink.held_back(OUTPUTS, Patience(0)):
        pytest.fail("nothing may be measured")
    assert worker.asked == ["pause s3-sink-connector", "resume s3-sink-connector"]


def test_nothing_is_drained_while_tasks_have_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.connectors.failures", lambda _: ["  s3-sink-connector, task 0:\n    out of memory"])
    with pytest.raises(FiguresError, match=r"nothing can be drained while tasks have failed:[^.]*out of memory"):
        drain._refuse_failed(OUTPUTS)
