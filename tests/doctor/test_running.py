"""Checks run in parallel; none can hide or delay another."""

from __future__ import annotations

import threading

import pytest

from pipeline.checks.check import SEE_ABOVE, Check, Level, Refused, access, fine, given, once
from pipeline.checks.running import findings


def check(probe: object, *, name: str = "one", limit: float = 20.0) -> Check[object]:
    """Return a check that reports its probe's answer."""
    return Check(group="g", name=name, probe=probe, judge=lambda fact: fine(str(fact)), time_limit_s=limit)  # type: ignore[arg-type]


def test_findings_come_in_the_order_of_the_checks_whichever_is_done_first() -> None:
    second_is_done = threading.Event()

    def slow() -> str:
        assert second_is_done.wait(10), "the two do not run side by side"
        return "slow"

    def quick() -> str:
        second_is_done.set()
        return "quick"

    assert [found.found for _, found in findings([check(slow), check(quick)])] == ["slow", "quick"]


def test_a_probe_that_hangs_is_a_failure_and_delays_no_other() -> None:
    never = threading.Event()
    hung, well = findings([check(never.wait, limit=0.05), check(lambda: "well")])
    assert hung[1].level is Level.FAILURE
    assert "no answer within" in hung[1].found
    assert well[1].found == "well"


def test_a_probe_that_breaks_is_named_and_is_no_failure_of_the_stack() -> None:
    def broken() -> str:
        message = "first line\nsecond line"
        raise ZeroDivisionError(message)

    ((_, found),) = findings([check(broken)])
    assert (found.level, found.found) == (Level.WARNING, "check failed (ZeroDivisionError: first line)")


def test_a_shared_probe_runs_once() -> None:
    looks: list[int] = []

    def look() -> int:
        looks.append(1)
        return len(looks)

    shared = once(look)
    assert {found.found for _, found in findings([check(shared) for _ in range(8)])} == {"1"}


def test_a_shared_probe_that_fails_runs_once_and_fails_every_check() -> None:
    looks: list[int] = []

    def look() -> int:
        looks.append(1)
        raise LookupError

    shared = once(look)
    for _ in range(2):
        with pytest.raises(LookupError):
            shared()
    assert len(looks) == 1


def test_one_check_reports_the_reason_and_the_others_refer_to_it() -> None:
    refused = Refused("nothing answers (timeout)", "start it")
    reported, silent = access(fine)(refused), given(fine)(refused)
    assert (reported.level, reported.cure) == (Level.FAILURE, "start it")
    assert (silent.level, silent.found, silent.cure) == (Level.UNSEEN, SEE_ABOVE, "")
