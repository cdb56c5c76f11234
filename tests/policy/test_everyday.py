"""Everyday manifests are accepted, and objects whose operators start pods are refused, by plan and pack alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policy.declared import Limits
from tests.policy.everyday import WITH_PODS, WITHOUT_PODS, custom, everyday, kinds
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import extra

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(memory={"data-ingestion": 2**30, "web": 2**30}, volumes={"data-ingestion": 2**30, "web": 2**30})
LEAST = 150


def test_every_everyday_manifest_is_accepted(tally: Callable[[str, str, int, int], None]) -> None:
    manifests = everyday()
    refused = {one.title: [violation.message for violation in by_plan([one], LIMITS)] for one in manifests}
    assert {title: told for title, told in refused.items() if told} == {}
    assert [told for one in manifests for told in by_pack([one], LIMITS)] == []
    assert len(manifests) >= LEAST
    tally("everyday manifests", "harmless", len(manifests), 0)


@pytest.mark.parametrize(("version", "kind"), [*kinds(WITH_PODS)])
def test_an_object_whose_operator_starts_pods_is_refused(version: str, kind: str) -> None:
    for spec in ({}, {"updatePolicy": {"updateMode": "Auto"}}, {"replicas": 3}):
        one = custom(version, kind, spec)
        assert {violation.rule for violation in by_plan([one], LIMITS)} == {"memory-limit"}
        assert {rule for rule, _ in by_pack([one], LIMITS)} == {"memory-limit"}


def test_a_patch_of_a_kind_without_pods_is_accepted() -> None:
    for version, kind in kinds(WITHOUT_PODS):
        assert by_plan([extra(f"{kind}Patch", "patched", {}, version, "web")], LIMITS) == []


def test_a_kind_without_pods_is_one_of_its_own_group_only() -> None:
    for _, kind in kinds(WITHOUT_PODS):
        assert {violation.rule for violation in by_plan([custom("example.com/v1", kind)], LIMITS)} == {"memory-limit"}
