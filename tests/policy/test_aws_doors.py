"""Security groups, managed databases and brokers of AWS: closed but to named networks, in every form of a rule."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_reach import GROUP, INGRESS, NARROW, WIDE, closed_groups, open_groups, prefix_list, private, public, resource

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(own="data-ingestion", node_ports=(30432, 30092))


def refused(*resources: Declared, limits: Limits = LIMITS) -> bool:
    """Return whether plan and pack refuse doors, in agreement."""
    plan = {violation.rule for violation in by_plan(resources, limits)}
    assert plan == {rule for rule, _message in by_pack(resources, limits)}
    assert plan <= {"aws-closed"}
    return bool(plan)


@pytest.mark.full
def test_every_form_of_an_open_group_is_refused_and_everyday_groups_are_not(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*open_groups(), *public()], [*closed_groups(), *private()]
    assert [one for one in harmful if not refused(one)] == []
    assert [one for one in harmless if refused(one)] == []
    tally("doors of AWS", "harmful", len(harmful), 0)
    tally("doors of AWS", "harmless", len(harmless), 0)


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


# networks that no client has: each as wide as a name may be
PIECES = [f"{first}.{second}.0.0/16" for first in (3, 52) for second in range(4)]


@pytest.mark.parametrize("group", ["sg-1", UNKNOWN])
def test_many_narrow_rules_together_are_a_wide_one(group: Any) -> None:
    rules = [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": [one]} for one in PIECES]
    assert refused(resource(GROUP, ingress=rules))
    assert not refused(resource(GROUP, ingress=rules[:1]))
    assert not refused(resource(GROUP, ingress=[{**one, "fromPort": 443, "toPort": 443} for one in rules]))
    single = [
        dataclasses.replace(resource(INGRESS, securityGroupId=group, ipProtocol="tcp", fromPort=9092, toPort=9092, cidrIpv4=one), urn=one)
        for one in PIECES
    ]
    private = [dataclasses.replace(one, inputs={**one.inputs, "cidrIpv4": f"10.{at}.0.0/16"}) for at, one in enumerate(single)]
    assert refused(*single)
    assert not refused(*private)
    assert not refused(single[0])
    apart = [dataclasses.replace(one, inputs={**one.inputs, "securityGroupId": f"sg-{at}"}) for at, one in enumerate(single)]
    assert not refused(*apart)


@pytest.mark.parametrize("group", ["sg-1", "securitygroup", UNKNOWN])
def test_inline_rules_and_rules_of_their_own_are_one_group(group: Any) -> None:
    def inside(*ranges: str) -> Declared:
        return resource(GROUP, ingress=[{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": [*ranges]}])

    def outside(cidr: str) -> Declared:
        rule = resource(INGRESS, securityGroupId=group, ipProtocol="tcp", fromPort=5432, toPort=5432, cidrIpv4=cidr)
        return dataclasses.replace(rule, urn=cidr)

    for order in itertools.permutations((inside(PIECES[0]), outside(PIECES[5]))):
        assert refused(*order)
    assert not refused(inside("10.0.0.0/8"), outside(PIECES[5]))
    assert not refused(inside(PIECES[0]), outside("10.1.0.0/16"))
    web = resource(GROUP, ingress=[{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": PIECES[:1]}])
    assert not refused(web, outside(PIECES[5]))


def test_rules_by_the_id_of_another_group_are_not_added_to_one_of_two() -> None:
    rule = {"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "cidrBlocks": PIECES[:1]}
    two = [dataclasses.replace(resource(GROUP, ingress=[rule]), urn=name, name=name) for name in ("one", "two")]
    assert not refused(*two, resource(INGRESS, securityGroupId="sg-9", ipProtocol="tcp", fromPort=5432, toPort=5432, cidrIpv4=PIECES[5]))


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
