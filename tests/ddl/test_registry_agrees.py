"""The verdict on two schemas is the one of a registry's own endpoint, at each level."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from pipeline.ddl.compatibility import Level, accepts
from tests.ddl import registry as registries
from tests.ddl.schema_pairs import records, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ddl.registry import Registry

pytestmark = pytest.mark.sandbox

PAIRS = [*tables(7, 160), *records(7, 60)]
HISTORIES = list(zip(tables(1, 12), tables(2, 12), strict=True))


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    """Return a registry of the image."""
    with registries.running() as started:
        yield started


def test_two_hundred_pairs_of_schemas_are_judged_as_the_registry_judges_them(registry: Registry) -> None:
    assert registry.level() == Level.FULL
    different = []
    answers = {True: 0, False: 0}
    for number, (before, after) in enumerate(PAIRS):
        registry.register(f"pair-{number}", before)
        for level in (Level.FULL, Level.FORWARD if number % 2 else Level.BACKWARD):
            registry.set_level(f"pair-{number}", level)
            theirs = registry.takes(f"pair-{number}", after)
            answers[theirs] += 1
            if theirs != accepts(level, after, [before]):
                different.append((level, before, after))
    assert different == []
    assert len(PAIRS) >= 200
    assert min(answers.values()) > 100, "both answers are tried"


def test_a_schema_of_before_is_taken_again_at_any_level(registry: Registry) -> None:
    """The schema of a row with a NULL from before SET NOT NULL."""
    before, after = (
        {"type": "record", "name": "Value", "fields": [{"name": "a", "type": kind}]} for kind in (["null", "string"], "string")
    )
    registry.register("marks", before)
    registry.set_level("marks", Level.NONE)
    registry.register("marks", after)
    registry.set_level("marks", Level.FULL)
    assert not registry.takes("marks", before)
    registry.register("marks", before)
    registry.register("marks", after)
    assert registry.versions("marks") == 2


def test_a_transitive_level_compares_with_every_earlier_schema(registry: Registry) -> None:
    different, told = [], set()
    for number, ((first, second), (third, _)) in enumerate(HISTORIES):
        registry.register(f"history-{number}", first)
        registry.set_level(f"history-{number}", Level.NONE)
        registry.register(f"history-{number}", second)
        # two that are alike are one version
        earlier = [first, second][-registry.versions(f"history-{number}") :]
        for level, new in itertools.product(Level, (first, third)):
            registry.set_level(f"history-{number}", level)
            theirs = registry.takes(f"history-{number}", new)
            told.add((level, theirs))
            if theirs != accepts(level, new, earlier):
                different.append((level, earlier, new))
    assert different == []
    assert {level for level, taken in told if taken} == set(Level)
