"""The same seed gives the same faults; another seed gives others."""

from __future__ import annotations

from pipeline.recording.recorder import ROOT
from sandbox.faults.kinds import FAULTS, LEFT_OUT
from sandbox.faults.schedule import schedule

KINDS = sorted(FAULTS)


def test_a_seed_repeats_faults_pauses_and_chances() -> None:
    first, second = (schedule(11, 80, KINDS) for _ in range(2))
    assert first == second
    assert [one.chance().random() for one in first] == [one.chance().random() for one in second]


def test_another_seed_gives_another_order() -> None:
    assert [one.kind for one in schedule(1, 60, KINDS)] != [one.kind for one in schedule(2, 60, KINDS)]


def test_every_kind_comes_once_before_any_comes_again() -> None:
    kinds = [one.kind for one in schedule(5, 2 * len(KINDS), KINDS)]
    assert sorted(kinds[: len(KINDS)]) == sorted(kinds[len(KINDS) :]) == KINDS


def test_two_faults_of_a_kind_have_chances_of_their_own() -> None:
    one, other = schedule(5, 2, ["kill-broker"])
    assert one.chance().random() != other.chance().random()


def test_each_kind_says_what_it_does_and_what_ends_it() -> None:
    for name, fault in FAULTS.items():
        assert fault.does, name
        assert fault.undone, name
        assert fault.lasts[0] <= fault.lasts[1], name


def test_the_page_says_what_is_left_out() -> None:
    page = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
    assert [name for name in LEFT_OUT if f"| {name} |" not in page] == []
