"""Whoever does what a cure of the pack says has an accepted stack: for every rule, and every way out that its sentence names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.catalogue import RULES
from tests.policy import mutations_config
from tests.policy.followed_cures import FOLLOWED, Case
from tests.policy.judging import by_pack, by_plan, judged
from tests.policy.literal_cures import followed
from tests.policy.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Limits

# Their exceptions are settings and no resources; see tests/policy/test_rules_document.py
NO_RESOURCES = {"exceptions-proper"}


def refusals(resources: list[Declared], limits: Limits, but: tuple[str, ...]) -> tuple[list[str], list[Any]]:
    """Return what plan and pack refuse, without some rules about sums."""
    plan = [f"{one.rule}: {one.message}" for one in by_plan(resources, limits) if one.rule not in but]
    return plan, [one for one in by_pack(resources, limits) if one[0] not in but]


@pytest.mark.parametrize("rule", FOLLOWED)
def test_a_cure_of_the_pack_that_is_followed_leads_to_an_accepted_stack(rule: str) -> None:
    broken = FOLLOWED[rule]
    resources, limits = judged(broken.stack)
    made = next(stack for name, _, stack in broken.family(Workbench(resources)) if name == broken.mutant)
    for way in broken.ways:
        changed, raised = made, limits
        for cure in _cures(rule, made, limits):
            changed, raised = way(Case(Workbench(changed), raised, cure))
        plan, pack = refusals(changed, raised, broken.raises)
        assert plan == []
        assert pack == []


def _cures(rule: str, resources: list[Declared], limits: Limits) -> list[str]:
    """Return the cures of one rule, of which there is one at least."""
    cures = [one.problem.cure for one in by_plan(resources, limits) if one.rule == rule]
    assert all(cures)
    assert cures
    return cures


def test_every_rule_that_refuses_has_a_broken_stack_whose_cure_is_followed() -> None:
    assert {rule.name for rule in RULES if rule.level == "mandatory"} - NO_RESOURCES == FOLLOWED.keys()


# Changes of single keys, with cures that most often name a value
KEYS = (mutations_config.connectors, mutations_config.topics, mutations_config.files)
LEAST_FOLLOWED = 60
ROUNDS = 4


@pytest.mark.full
def test_cures_of_single_keys_that_are_followed_to_the_letter_lead_to_an_accepted_stack(
    tally: Callable[[str, str, int, int], None],
) -> None:
    resources, limits = judged("sandbox")
    changes = [(name, made) for family in KEYS for name, rule, made in family(Workbench(resources)) if rule]
    ends = {name: _followed(made, limits) for name, made in changes}
    wrong = {name: told for name, (rounds, told) in ends.items() if rounds and told}
    number = sum(rounds > 0 for rounds, _told in ends.values())
    tally("cures of single keys", "harmless", number, len(wrong))
    assert wrong == {}
    assert number >= LEAST_FOLLOWED


def _followed(resources: list[Declared], limits: Limits) -> tuple[int, list[str]]:
    """Follow the cures of a stack one by one; return how many were followed, and what is refused then."""
    for rounds in range(ROUNDS):
        found = by_plan(resources, limits)
        after = next((made for one in found if (made := followed(resources, one)) is not None), None)
        if after is None:
            return rounds, [str(one.problem) for one in found]
        resources = after
    return ROUNDS, [str(one.problem) for one in by_plan(resources, limits)]
