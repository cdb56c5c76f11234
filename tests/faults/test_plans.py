"""The load knows what it writes: every plan's changes continue the life of their rows, whatever chance gives."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from sandbox.faults import rows
from sandbox.faults.books import Change
from sandbox.faults.plans import Plan, Planner


def planned(seed: int, count: int, *, fail: float = 0.0) -> list[tuple[Plan, bool]]:
    """Return plans, each with whether it was committed; a part of them fails, and is not."""
    planner, chance = Planner(random.Random(seed), 1000), random.Random(seed + 1000)  # noqa: S311 - no secret
    found = []
    for _ in range(count):
        plan = planner.plan()
        committed = not plan.undone and chance.random() >= fail
        if committed:
            planner.done(plan)
        found.append((plan, committed))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_changes_of_a_row_are_a_life(seed: int) -> None:
    lives: dict[tuple[str, int], list[Change]] = {}
    for plan, committed in planned(seed, 300, fail=0.1):
        for change in plan.changes if committed else ():
            lives.setdefault((change.table, change.row), []).append(change)
    for name, life in lives.items():
        assert life[0] == Change(*name, "c", 0)
        alive = False
        for before, change in zip([None, *life], life, strict=False):
            assert alive == (change.operation != "c"), life
            assert change.version == (before.version if before else 0) + (change.operation != "d") - (before is None), life
            alive = change.operation != "d"


def test_all_kinds_of_change_and_of_transaction_come() -> None:
    plans = planned(1, 600)
    kinds = Counter(plan.kind.partition(",")[0] for plan, _ in plans)
    assert set(kinds) == {"insert", "copy", "update", "key", "delete", "savepoint", "short life"}
    assert any(plan.undone for plan, _ in plans)
    sizes = [len(plan.changes) for plan, _ in plans]
    assert min(sizes) < 10
    assert max(sizes) > 2000
    tables = Counter(change.table for plan, _ in plans for change in plan.changes)
    assert set(tables) == {"users", "products", "orders", "order_items"}


def test_no_change_is_planned_twice() -> None:
    changes = Counter(change for plan, committed in planned(2, 300, fail=0.1) if committed for change in plan.changes)
    assert max(changes.values()) == 1


def test_the_rows_of_a_writer_stay_few_and_in_its_range() -> None:
    planner = Planner(random.Random(4), 1000)  # noqa: S311 - no secret
    for _ in range(2000):
        planner.done(plan := planner.plan())
        assert sum(block.rows for block in plan.after) < 15_000
    assert planner.next < 1000 + rows.SPAN // 4


def test_a_description_is_written_by_even_versions_only() -> None:
    statements = [step.statement for plan, _ in planned(1, 300) for step in plan.steps if step.statement.startswith("UPDATE products")]
    written = Counter("description" in statement for statement in statements)
    assert written[True]
    assert written[False]
