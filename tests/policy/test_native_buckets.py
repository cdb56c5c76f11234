"""Buckets of the provider aws-native are judged like those of the classic one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.declared import Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_native import bucket, policy, private, public
from tests.policy.test_buckets import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared


def refused(*resources: Declared) -> set[str]:
    """Return the rules by which plan and pack refuse, in agreement."""
    plan = {violation.rule for violation in by_plan(resources, Limits())}
    assert plan == {rule for rule, _message in by_pack(resources, Limits())}
    return plan


def test_a_bucket_from_which_something_is_missing_is_refused(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*public()], [*private()]
    assert [(rule, made[0].inputs) for rule, made in harmful if refused(*made) != {rule}] == []
    assert [made[0].inputs for made in harmless if refused(*made)] == []
    assert [made[0].inputs for made in harmless if refused(*made, *whole("archive"))] == []
    tally("buckets of aws-native", "harmful", len(harmful), 0)
    tally("buckets of aws-native", "harmless", len(harmless), 0)


def test_the_cure_is_one_that_this_provider_has() -> None:
    (said,) = by_plan([bucket(publicAccessBlockConfiguration=None), policy({"Statement": []}), *whole("archive")][:1], Limits())[:1]
    assert "nothing blocks public access; set publicAccessBlockConfiguration with all four settings true" in said.message
