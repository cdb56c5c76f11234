"""The report for people and for programs."""

from __future__ import annotations

import json

from checks.check import Finding, Level, failure, fine, unseen, warning
from checks.report import Line, as_json, failures, text, verdict

GOOD, KNOW, BAD, BLIND = (
    Line("Docker", "engine", fine("29.1")),
    Line("Docker", "disk", warning("little is free", "make room")),
    Line("Docker", "memory", failure("too little", "first\nsecond")),
    Line("cluster", "nodes", unseen("not seen: no cluster")),
)


def test_a_line_has_its_sign_and_every_line_of_its_cure() -> None:
    assert text(GOOD, 8) == "  ✓ engine    29.1"
    assert text(KNOW, 4) == "  ! disk  little is free\n      → make room"
    assert text(BAD, 6) == "  ✗ memory  too little\n      → first\n        second"
    assert text(BLIND, 5).startswith("  · nodes")


def test_colour_is_only_for_terminals() -> None:
    assert "\033[" not in text(BAD, 6)
    assert text(BAD, 6, colours=True).count("\033[") == 2


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


def test_every_level_has_a_sign_of_its_own() -> None:
    assert len({text(Line("g", "n", Finding(level, "f")), 1) for level in Level}) == len(Level)
