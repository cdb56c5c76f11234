"""Judged properties are not exempt from comparison; what is ignored every day may be."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from policy.declared import Declared, Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_options import exempt, free, judged
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(own="data-ingestion", memory={"data-ingestion": 2**32}, volumes={"data-ingestion": 2**32})


def refused(*resources: Declared) -> bool:
    """Return whether plan and pack refuse by the rule, in every order of declaration."""
    plan = "drift-seen" in {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in itertools.permutations(resources):
        assert plan == ("drift-seen" in {rule for rule, _message in by_pack(order, LIMITS)})
    return plan


def test_judged_properties_are_compared(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*judged()], [*free()]
    assert [(one.title, path) for one, path in harmful if not refused(exempt(one, "metadata.annotations", path))] == []
    assert [(one.title, path) for one, path in harmless if refused(exempt(one, path))] == []
    assert [one.title for one, _path in harmful if refused(one)] == []
    tally("ignored changes", "harmful", len(harmful), 0)
    tally("ignored changes", "harmless", len(harmless), 0)


def test_a_number_of_pods_may_be_exempt_where_an_autoscaler_bounds_it() -> None:
    template = {"replicas": 1, "strategy": {"type": "Recreate"}, "template": {"spec": pod(container(memory="16Mi"))}}
    worker = exempt(extra("Deployment", "worker", template, "apps/v1"), "spec.replicas")
    scaled = {"scaleTargetRef": {"kind": "Deployment", "name": "worker"}, "maxReplicas": 3}
    assert refused(worker)
    assert not refused(worker, extra("HorizontalPodAutoscaler", "worker", scaled, "autoscaling/v2"))
    other = {**scaled, "scaleTargetRef": {"kind": "Deployment", "name": "other"}}
    assert refused(worker, extra("HorizontalPodAutoscaler", "worker", other, "autoscaling/v2"))


def test_the_message_names_the_path() -> None:
    (one, path), *_rest = judged()
    (violation,) = [each for each in by_plan([exempt(one, path)], LIMITS) if each.rule == "drift-seen"]
    assert violation.message == (
        f"Deployment worker: ignore_changes names {path}, so what runs may differ from the {path} that the rules judge; "
        f"remove {path} from ignore_changes"
    )
