"""The report for people and for programs."""

from __future__ import annotations

import json

import pytest

from pipeline.checks.check import Finding, Level, failure, fine, unseen, warning
from pipeline.checks.report import Line, as_json, failures, shown, verdict
from pipeline.checks.terminal import plain

GOOD, KNOW, BAD, BLIND = (
    Line("Docker", "engine", fine("29.1")),
    Line("Docker", "disk", warning("little is free", "make room")),
    Line("Docker", "memory", failure("too little", "first\nsecond")),
    Line("cluster", "nodes", unseen("not seen: no cluster")),
)


def test_a_line_has_its_sign_and_every_line_of_its_cure() -> None:
    assert plain(shown(GOOD, 8)) == "  ✓ engine    29.1\n"
    assert plain(shown(KNOW, 4)) == "  ! disk  little is free\n      → make room\n"
    assert plain(shown(BAD, 6)) == "  ✗ memory  too little\n      → first\n        second\n"
    assert plain(shown(BLIND, 5)).startswith("  · nodes")


@pytest.mark.parametrize("cure", ["make room", "first\nsecond", ""])
def test_a_finding_without_a_cure_is_one_line_and_each_line_of_a_cure_another(cure: str) -> None:
    level = Level.FAILURE if cure else Level.FINE
    assert len(plain(shown(Line("g", "n", Finding(level, "f", cure)), 1)).splitlines()) == 1 + len(cure.splitlines())


def test_the_last_line_counts() -> None:
    assert verdict("dev", [GOOD]) == "Nothing would stop 'up' of dev"
    assert verdict("dev", [GOOD, KNOW, BAD, BLIND]) == "1 of 4 would stop 'up' of dev, 1 to know about, 1 not seen"


def test_only_failures_count_as_failures() -> None:
    assert failures([GOOD, KNOW, BLIND]) == 0
    assert failures([BAD, BAD]) == 2


def test_json_holds_everything() -> None:
    told = json.loads(as_json("dev", [KNOW, BAD]))
    assert (told["stack"], told["failures"]) == ("dev", 1)
    assert told["findings"][0] == {"group": "Docker", "name": "disk", "level": "warning", "found": "little is free", "cure": "make room"}


def test_every_level_has_a_unique_sign() -> None:
    assert len({plain(shown(Line("g", "n", Finding(level, "f")), 1)) for level in Level}) == len(Level)
