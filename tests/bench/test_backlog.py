"""A queue counts as complete once Kafka holds all of its rows, and not earlier."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from sandbox.bench import backlog, rows, visible
from sandbox.bench.figures import FiguresError
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.waiting import Patience


class Looks:
    """Patience for a fixed number of polls; records the reasons passed to it."""

    def __init__(self, number: int) -> None:
        """Allow this many polls."""
        self.left = number
        self.told: list[str] = []

    def go_on(self, reason: str) -> bool:
        """Count one poll and record its reason."""
        self.told.append(reason)
        self.left -= 1
        return self.left >= 0

    def verdict(self, reason: str) -> str:
        """Return the final message."""
        return f"given up: {reason}"


def fill(monkeypatch: pytest.MonkeyPatch, ends: list[int], confirmed: list[bool]) -> tuple[backlog.Queued, Looks]:
    """Queue 100 rows; each poll reads the next topic end and confirmation, and the last ones repeat."""

    def answer(answers: list[Any]) -> Any:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @contextmanager
    def connect(_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=lambda: [{"lsn": "0/1"}]))

    monkeypatch.setattr(backlog, "Topic", lambda *_: SimpleNamespace(end=lambda: answer(ends)))
    monkeypatch.setattr(backlog, "connect", connect)
    monkeypatch.setattr(backlog, "_captured", lambda *_: answer(confirmed))
    monkeypatch.setattr("sandbox.bench.rows.insert", lambda *_: None)
    looks = Looks(5)
    return backlog.fill({}, rows.chosen(TABLES), "mark", 100, cast("Patience", looks)), looks


def test_a_growing_topic_is_waited_for_even_when_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end offset counts transaction markers too, so it reaches the number of rows before all rows are in the topic."""
    queued, looks = fill(monkeypatch, [1000, 1101, 1104, 1104], [True])
    assert queued.rows == 100
    assert len(looks.told) == 2


def test_a_paused_topic_is_waited_for_until_the_slot_passes_the_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    _, looks = fill(monkeypatch, [0, 100, 100, 104, 104], [False, True])
    assert looks.told[-1] == "100 rows to be in Kafka, about 100 % are"
    assert len(looks.told) == 3


def test_the_measured_time_ends_with_the_last_growth_not_the_last_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 12.0, 15.0])
    monkeypatch.setattr("sandbox.bench.backlog.time.monotonic", lambda: next(moments))
    queued, _ = fill(monkeypatch, [0, 104, 104], [False, False, True])
    assert (queued.insert_s, queued.capture_s) == (2.0, 5.0)


def test_rows_that_do_not_come_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FiguresError, match="given up: Kafka has about 40 of 100 rows"):
        fill(monkeypatch, [0, 40], [True])


def test_single_rows_are_summarised_by_their_distribution() -> None:
    assert visible.table([4.0, 2.0, 12.0], 10.0).rows == (("3, a commit every 10 s", "4.0", "11.2", "2.0", "12.0"),)
