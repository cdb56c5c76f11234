"""A wait ends at its deadline or when it is cancelled, shows what it is for, and says why it ended."""

from __future__ import annotations

import threading
import time

import pytest

from providers.waiting import Patience, StoppedError, backoff


class Shown:
    """Keeps what a wait showed."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.reasons: list[str] = []

    def waiting(self, what: str, /) -> None:
        """Keep it."""
        self.reasons.append(what)


def test_there_is_one_look_at_the_deadline_and_none_after_it() -> None:
    shown = Shown()
    patience, looks = Patience(0.05, display=shown), 1
    while patience.go_on(f"look {looks}", 0.04):
        looks += 1
    assert looks == 3
    assert shown.reasons == ["look 1", "look 2", "look 3"]
    assert 0.05 <= patience.spent < 0.5
    assert patience.verdict("no answer") == "given up after 0 s: no answer"


def test_a_wait_without_time_looks_once() -> None:
    assert not Patience(0).go_on("anything")


def test_a_cancelled_wait_ends_at_once_and_says_so() -> None:
    cancelled = threading.Event()
    patience = Patience(60, cancelled=cancelled)
    threading.Timer(0.02, cancelled.set).start()
    began = time.monotonic()
    assert not patience.go_on("the brokers", 30)
    assert time.monotonic() - began < 5
    assert patience.verdict("2 of 3 ready") == "stopped: 2 of 3 ready"


def test_a_pause_raises_the_callers_own_error_when_cancelled() -> None:
    cancelled = threading.Event()
    patience = Patience(60, cancelled=cancelled, stopped=KeyError)
    patience.pause(0, "nothing")
    cancelled.set()
    with pytest.raises(KeyError, match="stopped while waiting for the worker"):
        patience.pause(1, "the worker")
    with pytest.raises(StoppedError):
        Patience(60, cancelled=cancelled).pause(1, "the worker")


def test_one_budget_is_shared_by_several_questions() -> None:
    patience = Patience(0.05)
    patience.pause(1, "the first")
    assert patience.over
    assert not patience.go_on("the second", 1)


def test_retries_come_ever_later_up_to_a_limit() -> None:
    assert [backoff(attempt) for attempt in (0, 1, 2, 3, 4, 9, 500)] == [0.25, 0.5, 1, 2, 4, 4, 4]
