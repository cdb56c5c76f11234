"""Plan and pack both refuse every over-allocation of a real stack and accept every harmless change."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

import pytest

from policy.catalogue import RULES
from stack.capacity.quantity import MIB
from stack.specification.stack import Specification
from tests.declared import STACKS as EVERY_STACK
from tests.declared import settings_of
from tests.policy.judging import by_pack, by_plan, judged, shipped
from tests.policy.mutants import FAMILIES, FAMILIES_OF_DATA, FAMILIES_OF_PROD, Mutant, mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.declared import Limits

# mutants of a stack that the quick tier tries
FEW = 30
STACKS = {"dev": FAMILIES_OF_DATA, "sandbox": FAMILIES, "glue": FAMILIES_OF_DATA, "prod": FAMILIES_OF_PROD}
# stacks with changed pods too; the pods of the others equal the sandbox's
WHOLE = ("sandbox", "prod")
LEAST = 150
LEAST_HARMLESS = 100


@functools.cache
def corpus(stack: str) -> tuple[Mutant, ...]:
    """Return all mutants of a stack."""
    return tuple(mutants(judged(stack)[0], STACKS[stack]))


@functools.cache
def tight(stack: str) -> Limits:
    """Return a stack's limits without unused room, so that one more pod exceeds them."""
    limits, settings = shipped(stack)[1], settings_of(stack)
    memory = {**limits.memory, settings.names.namespace: Specification.of(settings).memory_mib * MIB}
    return dataclasses.replace(limits, memory=memory)


@functools.cache
def answer(stack: str, at: int) -> tuple[frozenset[str], bool]:
    """Return the rules by which the plan refuses a mutant, and whether one of them could not run."""
    told = by_plan(corpus(stack)[at].resources, tight(stack))
    return frozenset(violation.rule for violation in told), any("could not run" in violation.message for violation in told)


Sample: TypeAlias = "Callable[[Sequence[tuple[int, Mutant]], int], Sequence[tuple[int, Mutant]]]"


def refused(stack: str, at: int) -> frozenset[str]:
    """Return the rules by which the plan refuses a mutant."""
    return answer(stack, at)[0]


@pytest.mark.parametrize("stack", sorted(EVERY_STACK))
def test_the_shipped_stacks_break_no_rule(stack: str) -> None:
    resources, limits = shipped(stack)
    assert by_plan(resources, limits) == []
    assert by_pack(resources, limits) == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_over_allocation_is_refused_by_its_rule(
    stack: str, sample: Sample, figure: Callable[[str], None], tally: Callable[[str, str, int, int], None]
) -> None:
    harmful = sample([(at, mutant) for at, mutant in enumerate(corpus(stack)) if mutant.rule], FEW)
    wrong = [
        f"{mutant.name}: expected {mutant.rule}, found {sorted(refused(stack, at))}"
        for at, mutant in harmful
        if mutant.rule not in refused(stack, at)
    ]
    counts = Counter(mutant.rule for _at, mutant in harmful)
    tally("changes of stacks", "harmful", counts.total(), len(wrong))
    assert wrong == []
    figure(f"{stack}: {counts.total()} harmful changes, all refused: {', '.join(f'{rule} {n}' for rule, n in counts.most_common())}")


@pytest.mark.parametrize("stack", WHOLE)
def test_every_harmless_change_is_accepted(stack: str, sample: Sample, tally: Callable[[str, str, int, int], None]) -> None:
    harmless = [(at, mutant) for at, mutant in enumerate(corpus(stack)) if not mutant.rule]
    tried = sample(harmless, FEW)
    wrong = [f"{mutant.name}: {sorted(refused(stack, at))}" for at, mutant in tried if refused(stack, at)]
    tally("changes of stacks", "harmless", len(tried), len(wrong))
    assert wrong == []
    assert len(harmless) >= LEAST_HARMLESS


@pytest.mark.full
@pytest.mark.parametrize("stack", STACKS)
def test_no_rule_fails_on_a_change(stack: str, tally: Callable[[str, str, int, int], None]) -> None:
    failed = [mutant.name for at, mutant in enumerate(corpus(stack)) if answer(stack, at)[1]]
    tally("changes of stacks", "inputs", len(corpus(stack)), len(failed))
    assert failed == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_plan_and_the_pack_agree_on_every_change(stack: str, sample: Sample) -> None:
    limits = tight(stack)
    differ = [
        f"{mutant.name}: plan {sorted(refused(stack, at))}, pack {sorted(pack)}"
        for at, mutant in sample([*enumerate(corpus(stack))], FEW)
        if (pack := {rule for rule, _message in by_pack(mutant.resources, limits)}) != refused(stack, at)
    ]
    assert differ == []


def test_the_corpus_is_large_and_its_names_are_unique() -> None:
    names = [(stack, mutant.name) for stack in STACKS for mutant in corpus(stack)]
    assert len(names) == len(set(names))
    for stack in WHOLE:
        assert sum(mutant.rule is not None for mutant in corpus(stack)) >= LEAST


@pytest.mark.full
def test_every_rule_refuses_some_change_alone() -> None:
    """Otherwise it might be dead, without any test to show it."""
    every = {mutant.rule for stack in STACKS for mutant in corpus(stack) if mutant.rule}
    alone = {mutant.rule for stack in STACKS for at, mutant in enumerate(corpus(stack)) if refused(stack, at) == {mutant.rule}}
    assert every == alone
    assert every == {rule.name for rule in RULES if rule.level == "mandatory"} - {"exceptions-proper"}
