"""Security groups, managed databases and brokers of AWS: closed but to named networks, in every form of a rule."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_reach import GROUP, INGRESS, NARROW, WIDE, closed_groups, open_groups, prefix_list, private, public, resource
from unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(own="data-ingestion", node_ports=(30432, 30092))


def refused(*resources: Declared, limits: Limits = LIMITS) -> bool:
    """Return whether plan and pack refuse doors, in agreement."""
    plan = {violation.rule for violation in by_plan(resources, limits)}
    assert plan == {rule for rule, _message in by_pack(resources, limits)}
    assert plan <= {"aws-closed"}
    return bool(plan)


def test_every_form_of_an_open_group_is_refused_and_everyday_groups_are_not(figure: Callable[[str], None]) -> None:
    harmful, harmless = [*open_groups(), *public()], [*closed_groups(), *private()]
    assert [one for one in harmful if not refused(one)] == []
    assert [one for one in harmless if refused(one)] == []
    figure(f"doors of AWS: {len(harmful)} open ones refused, {len(harmless)} everyday ones accepted")


@pytest.mark.parametrize("ranges", [*WIDE, *NARROW])
def test_a_prefix_list_is_judged_where_a_rule_names_one(ranges: list[Any]) -> None:
    for listed in (
        prefix_list(ranges),
        resource("aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry", cidr=ranges[-1]),
        resource("aws-native:ec2:PrefixList", entries=[{"cidr": one} for one in ranges]),
    ):
        for rule in (
            resource(GROUP, ingress=[{"protocol": "tcp", "fromPort": 9092, "toPort": 9092, "prefixListIds": [UNKNOWN]}]),
            resource(INGRESS, ipProtocol="-1", prefixListId=UNKNOWN),
        ):
            for order in itertools.permutations((listed, rule)):
                assert refused(*order) == (ranges in WIDE)
        web = resource(GROUP, ingress=[{"protocol": "tcp", "fromPort": 443, "toPort": 443, "prefixListIds": [UNKNOWN]}])
        assert not refused(listed, web)


def test_unknown_ingress_is_refused() -> None:
    assert refused(resource(GROUP, ingress=UNKNOWN))
    assert refused(resource(GROUP, ingress=[UNKNOWN]))
    assert refused(
        resource("aws:ec2/managedPrefixList:ManagedPrefixList", entries=UNKNOWN), resource(INGRESS, ipProtocol="-1", prefixListId="x")
    )
    assert not refused(resource(GROUP, ingress=[]), resource(GROUP))


def test_node_ports_count_where_the_pipeline_is_published_there() -> None:
    nodes = resource(GROUP, ingress=[{"protocol": "tcp", "fromPort": 30000, "toPort": 32767, "cidrBlocks": ["0.0.0.0/0"]}])
    assert refused(nodes)
    assert not refused(nodes, limits=Limits(own="data-ingestion"))


def test_the_message_names_port_and_range() -> None:
    rule = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": ["0.0.0.0/1", "128.0.0.0/1"]}
    (violation,) = by_plan([resource(GROUP, ingress=[rule])], LIMITS)
    assert violation.message.startswith(
        "SecurityGroup securitygroup: opens PostgreSQL: 5432 to 0.0.0.0/1, 128.0.0.0/1, which names no network"
    )
