"""Grants of Lake Formation on what the archive holds name their principals and their permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.tokens import CONNECTOR
from tests.policy.judging import by_pack, by_plan, judged
from tests.policy.mutations_lake import ARCHIVE, grants, lake
from tests.policy.workbench import Workbench

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Limits

RULE = "iam-exact"


def archive(stack: str) -> tuple[list[Declared], Limits]:
    """Return the connectors of a stack, which say what its archive holds, and its limits."""
    resources, limits = judged(stack)
    return [one for one in resources if one.type == CONNECTOR], limits


@pytest.mark.full
def test_wide_grants_on_the_archive_are_refused_and_others_are_not(tally: Callable[[str, str, int, int], None]) -> None:
    resources, limits = archive("glue")
    counts = {True: 0, False: 0}
    for name, rule, made in lake(Workbench(resources)):
        found = {one.rule for one in by_plan(made, limits)}
        assert (RULE in found) == bool(rule), name
        assert found == {told for told, _ in by_pack(made, limits)}, name
        counts[bool(rule)] += 1
    tally("Lake Formation", "harmful", counts[True], 0)
    tally("Lake Formation", "harmless", counts[False], 0)


def test_without_an_archive_in_glue_only_its_bucket_is_judged() -> None:
    resources, limits = archive("sandbox")
    for one in grants("IAM_ALLOWED_PRINCIPALS", ARCHIVE[0], ["ALL"]):
        assert RULE not in {said.rule for said in by_plan([*resources, one], limits)}


def test_the_message_names_key_value_rule_and_cure() -> None:
    resources, limits = archive("glue")
    told = by_plan([*resources, next(grants("IAM_ALLOWED_PRINCIPALS", ARCHIVE[0], ["SELECT"]))], limits)
    (said,) = [one.message for one in told if one.rule == RULE]
    words = ["principal = 'IAM_ALLOWED_PRINCIPALS'", "everybody", "name the role"]
    assert [word for word in words if word not in said] == []
