"""Access rules and quotas of Kafka: none for everybody, and none that stops or starves the pipeline."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from policy.declared import Declared, Limits
from stack.configs.tokens import TOPIC
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_kafka import acl, feeding, named_rules, open_rules, quota, starving

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(own="data-ingestion")
WATCHED = {"acl-exact", "quota-sufficient"}


def refused(*resources: Declared) -> bool:
    """Return whether plan and pack refuse access, in agreement."""
    plan = WATCHED & {violation.rule for violation in by_plan(resources, LIMITS)}
    assert plan == WATCHED & {rule for rule, _message in by_pack(resources, LIMITS)}
    return bool(plan)


def test_access_for_everybody_is_refused_and_everyday_access_is_not(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*open_rules(), *starving()], [*named_rules(), *feeding()]
    assert [one.inputs for one in harmful if not refused(one)] == []
    assert [one.inputs for one in harmless if refused(one)] == []
    tally("access to Kafka", "harmful", len(harmful), 0)
    tally("access to Kafka", "harmless", len(harmless), 0)


def test_what_denies_a_declared_topic_to_everybody_is_refused_in_any_order() -> None:
    topic = Declared(urn="urn::topic", type=TOPIC, name="orders", inputs={"name": "orders.all", "replicationFactor": 3})
    for name, pattern, hit in (
        ("orders.all", "Literal", True),
        ("orders", "Prefixed", True),
        ("orders", "Literal", False),
        ("other", "Prefixed", False),
    ):
        denied = acl("User:*", ("Topic", name), "Write", aclPermissionType="Deny", resourcePatternTypeFilter=pattern)
        for order in itertools.permutations((topic, denied)):
            assert refused(*order) == hit


def test_the_message_names_amount_and_least() -> None:
    (violation,) = by_plan([quota({"producer_byte_rate": 1024})], LIMITS)
    assert violation.message == (
        "Quota quota: limits everybody to producer_byte_rate 1024, and the pipeline needs at least 65536; "
        "set producer_byte_rate to 65536 or more, or name a user or client that is not the pipeline's"
    )
