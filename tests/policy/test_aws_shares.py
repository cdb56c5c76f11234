"""No grant, share or report of AWS hands an archive to another account; everyday ones are accepted."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan, judged
from tests.policy.mutations_sharing import (
    GRANT,
    KEY,
    OTHER,
    PUT_IN,
    everyday,
    everyday_copies,
    everyday_snapshots,
    everything,
    exports,
    flows,
    lists,
    notifications,
    other_accounts,
    resource,
    shares,
    snapshots,
    whole_accounts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Limits

RULE = "aws-shared"
WITHOUT_PODS = {"sink-fits", "connector-config"}


@functools.cache
def stack() -> tuple[tuple[Declared, ...], Limits]:
    """Return the buckets, roles, tables and connectors of the stack whose archive is in Glue and encrypted with a key."""
    resources, limits = judged("prod")
    return tuple(one for one in resources if one.type.startswith(("aws:", "kafkaconnect:", "iceberg:"))), limits


def refused(one: Declared) -> set[str]:
    """Return the rules by which plan and pack refuse a resource beside a stack, in agreement; the stack lacks its pods and topics."""
    resources, limits = stack()
    told = {violation.rule for violation in by_plan([*resources, one], limits)}
    assert told == {rule for rule, _message in by_pack([*resources, one], limits)}
    return told - WITHOUT_PODS


def bucket() -> str:
    """Return the bucket of the stack's archive."""
    (archive,) = [one for one in stack()[0] if one.kind == "Bucket"]
    return str(archive.inputs["bucket"])


def test_the_archive_is_handed_to_nobody_and_everyday_shares_are_accepted(tally: Callable[[str, str, int, int], None]) -> None:
    key = resource("aws:ram/resourceAssociation:ResourceAssociation", resourceArn=KEY)
    harmful = [*whole_accounts(), *other_accounts(), *everything(), *shares(bucket(), "archive"), key]
    harmless = [*everyday(), *lists(bucket(), bucket()), next(lists("reports", OTHER))]
    assert [one.inputs for one in harmful if RULE not in refused(one)] == []
    assert [(one.inputs, refused(one)) for one in harmless if refused(one)] == []
    assert [one.inputs for one in lists(bucket(), "of-others") if refused(one) != {"bucket-copied"}] == []
    tally("shares of AWS", "harmful", len(harmful), 0)
    tally("shares of AWS", "harmless", len(harmless), 0)


def test_disks_and_the_captured_database_are_handed_to_nobody(tally: Callable[[str, str, int, int], None]) -> None:
    """The host of the stack's database is ``shop.cluster-…``; its disks are those of three brokers."""
    harmful, harmless = list(snapshots("shop")), list(everyday_snapshots("shop"))
    assert [one.inputs for one in harmful if refused(one) != {RULE}] == []
    assert [(one.inputs, refused(one)) for one in harmless if refused(one)] == []
    copies = [*exports("shop", "of-others"), *flows(OTHER), *notifications(bucket(), OTHER), *notifications(UNKNOWN, OTHER)]
    assert [one.inputs for one in copies if refused(one) != {"bucket-copied"}] == []
    kept = list(everyday_copies("shop", bucket()))
    assert [(one.inputs, refused(one)) for one in kept if refused(one)] == []
    tally("snapshots and exports of AWS", "harmful", len(harmful) + len(copies), 0)
    tally("snapshots and exports of AWS", "harmless", len(harmless) + len(kept), 0)


def test_an_unknown_share_is_the_catalog_where_nothing_else_can_be_shared() -> None:
    share = resource(PUT_IN, resourceArn=UNKNOWN, resourceShareArn=UNKNOWN)
    resources, limits = stack()
    for kind, told in ((None, True), ("aws:ec2/subnet:Subnet", False), ("aws:route53/resolverRule:ResolverRule", False)):
        beside = [resource(kind, name="beside")] if kind else []
        found = {violation.rule for violation in by_plan([*resources, *beside, share], limits)} - WITHOUT_PODS
        assert found == ({RULE} if told else set())


@pytest.mark.parametrize("key", [KEY, "alias/archive"])
def test_the_message_names_both_accounts(key: str) -> None:
    one = resource(GRANT, keyId=key, granteePrincipal=f"arn:aws:iam::{OTHER}:role/reader")
    resources, limits = stack()
    (violation,) = [found for found in by_plan([*resources, one], limits) if found.rule == RULE]
    assert f"to account {OTHER}, and that of this stack is 123456789012" in violation.message
