"""The counts of the suite's own adversary are added up and printed in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from tests.adversary import Tries, recorded, summary

if TYPE_CHECKING:
    import pytest


def report(outcome: Literal["passed", "failed"], *told: tuple[str, Any]) -> pytest.TestReport:
    """Return the report of a test that recorded something."""
    from _pytest.reports import TestReport  # noqa: PLC0415 - the class is public by annotation only

    return TestReport("t.py::t", ("t.py", 1, "t"), {}, outcome, None, "call", user_properties=list(told))


def test_tries_of_one_generator_are_added_up() -> None:
    tries = [Tries("roles", "harmful", 7, 0), Tries("roles", "harmful", 3, 1), Tries("buckets", "harmless", 5, 0)]
    assert summary(tries) == [
        "buckets: harmless 5, refused 0",
        "roles: harmful 10, accepted 1",
        "in all: harmful 10, accepted 1; harmless 5, refused 0",
    ]
    assert summary([]) == []


def test_a_marked_test_that_fails_got_past() -> None:
    told = ("adversary", ("forms", "secrets", 1, None))
    own = ("adversary", ("roles", "harmful", 7, 0))
    found = recorded([report("passed", told, ("figure", "a line")), report("failed", told), report("passed", own)])
    assert found == [Tries("forms", "secrets", 1, 0), Tries("forms", "secrets", 1, 1), Tries("roles", "harmful", 7, 0)]
    assert summary(found)[-1] == "in all: harmful 7, accepted 0; secrets 2, leaks 1"
