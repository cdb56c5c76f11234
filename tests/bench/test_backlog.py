"""A queue counts as complete when Kafka has all of it, and not before."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench import backlog, rows, visible
from bench.figures import FiguresError
from settings.shop import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from waiting import Patience


class Looks:
    """Patience for a number of looks, that remembers what it was told."""

    def __init__(self, number: int) -> None:
        """Have so many."""
        self.left = number
        self.told: list[str] = []

    def go_on(self, reason: str) -> bool:
        """Count one."""
        self.told.append(reason)
        self.left -= 1
        return self.left >= 0

    def verdict(self, reason: str) -> str:
        """Say why it ended."""
        return f"given up: {reason}"


def fill(monkeypatch: pytest.MonkeyPatch, ends: list[int], confirmed: list[bool]) -> tuple[backlog.Queued, Looks]:
    """Queue 100 rows into a topic that ends where told, look by look; the last answers stay."""

    def answer(answers: list[Any]) -> Any:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @contextmanager
    def connect(_: object) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(execute=lambda *_: SimpleNamespace(fetchall=lambda: [{"lsn": "0/1"}]))

    monkeypatch.setattr(backlog, "Topic", lambda *_: SimpleNamespace(end=lambda: answer(ends)))
    monkeypatch.setattr(backlog, "connect", connect)
    monkeypatch.setattr(backlog, "_captured", lambda *_: answer(confirmed))
    monkeypatch.setattr("bench.rows.insert", lambda *_: None)
    looks = Looks(5)
    return backlog.fill({}, rows.chosen(TABLES), "mark", 100, cast("Patience", looks)), looks


def test_a_topic_that_still_grows_is_waited_for_though_it_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ends of transactions count as well, so the length says too early that all rows are there."""
    queued, looks = fill(monkeypatch, [1000, 1101, 1104, 1104], [True])
    assert queued.rows == 100
    assert len(looks.told) == 2


def test_a_topic_that_pauses_is_waited_for_until_the_slot_has_passed_the_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    _, looks = fill(monkeypatch, [0, 100, 100, 104, 104], [False, True])
    assert looks.told[-1] == "100 rows to be in Kafka, about 100 % are"
    assert len(looks.told) == 3


def test_the_time_ends_with_the_last_growth_and_not_with_the_last_look(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 12.0, 15.0])
    monkeypatch.setattr("bench.backlog.time.monotonic", lambda: next(moments))
    queued, _ = fill(monkeypatch, [0, 104, 104], [False, False, True])
    assert (queued.insert_s, queued.capture_s) == (2.0, 5.0)


def test_rows_that_do_not_come_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FiguresError, match="given up: Kafka has about 40 of 100 rows"):
        fill(monkeypatch, [0, 40], [True])


def test_single_rows_are_told_by_their_distribution() -> None:
    assert visible.table([4.0, 2.0, 12.0], 10.0).rows == (("3, a commit every 10 s", "4.0", "11.2", "2.0", "12.0"),)
