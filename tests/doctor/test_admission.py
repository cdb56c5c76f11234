"""What an existing namespace adds to the pipeline's pods, or refuses of them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.check import Level
from pipeline.doctor import admission
from pipeline.doctor.facts import Guard, NamespaceContents, PodContainer
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from stack.capacity.quantity import parse_bytes
from stack.specification.stack import Specification
from tests.declared import STACKS, settings_of
from tests.doctor.test_cluster import KIND, place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.check import Finding

_RESOURCES = {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}}
_PLACE = replace(
    place(),
    containers=(
        PodContainer("kafka", "kafka", 3, _RESOURCES),
        PodContainer("connect", "files", 1, {"limits": {"memory": "32Mi"}}, stays=False),
        PodContainer("connect", "connect", 1, {"requests": {"cpu": 1, "memory": "2Gi"}, "limits": {"memory": "2Gi"}}),
    ),
)


@pytest.mark.parametrize(
    ("labels", "annotations", "cure"),
    [
        ({"istio-injection": "enabled"}, None, "label namespace ns istio-injection-"),
        ({"istio.io/rev": "stable"}, None, "label namespace ns istio.io/rev-"),
        (None, {"linkerd.io/inject": "enabled"}, "annotate namespace ns linkerd.io/inject-"),
        ({"linkerd.io/inject": "enabled"}, {}, "label namespace ns linkerd.io/inject-"),
        ({"istio-injection": "disabled", "team": "data"}, {"linkerd.io/inject": "disabled"}, ""),
    ],
)
def test_a_mark_that_adds_a_container_is_named_and_removed(
    labels: Mapping[str, str] | None, annotations: Mapping[str, str] | None, cure: str
) -> None:
    found = admission.sidecars(replace(KIND, inside=NamespaceContents(marks=admission.marks(labels, annotations))), _PLACE)
    assert found.level is (Level.FAILURE if cure else Level.FINE)
    assert found.cure.endswith(cure)
    assert not cure or f"{cure.rsplit(maxsplit=1)[-1].removesuffix('-')}=" in found.found


def judged(*guards: Guard) -> Finding:
    """Return the finding about a namespace with some limit ranges and quotas."""
    return admission.fits(replace(KIND, inside=NamespaceContents(guards=guards)), _PLACE)


def limited(kind: str, **bounds: Mapping[str, str]) -> Guard:
    """Return a limit range of one item."""
    return Guard("LimitRange", "small", {"limits": [{"type": kind, **bounds}]})


def quota(**hard: str) -> Guard:
    """Return a quota, its keys written with ``_`` for a dot."""
    return Guard("ResourceQuota", "team", {"hard": {key.replace("_", "."): value for key, value in hard.items()}})


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        (limited("Container", max={"memory": "1536Mi"}), "container connect of connect has 2048Mi of memory, and max is 1536Mi"),
        (limited("Container", min={"memory": "64Mi"}), "container files of connect has 32Mi of memory, and min is 64Mi"),
        (limited("Container", min={"cpu": "500m"}), "container kafka of kafka has 250m of cpu, and min is 500m"),
        (limited("Container", max={"cpu": "500m"}, default={"cpu": "500m"}), "connect has 1000m of cpu, and max is 500m"),
        (limited("Pod", max={"memory": "1Gi"}), "pod of connect has 2048Mi of memory, and max is 1Gi"),
        (limited("Pod", max={"cpu": "4"}), "pod of kafka has no limit of cpu, and one up to 4 is required"),
        (quota(limits_memory="4Gi"), "all pods have 5120Mi of memory, and limits.memory is 4Gi"),
        (quota(memory="4Gi"), "all pods have 5120Mi of memory, and memory is 4Gi"),
        (quota(limits_cpu="9"), "container kafka of kafka has no limits.cpu, and each needs one where limits.cpu is limited"),
        (quota(pods="3"), "the stack has 4 pods, and pods is 3"),
    ],
)
def test_what_does_not_fit_is_named_with_limit_and_container(guard: Guard, told: str) -> None:
    found = judged(guard)
    assert found.level is Level.FAILURE
    assert f"{guard.kind} {guard.name}: " in found.found
    assert told in found.found
    assert found.cure.endswith(f"--namespace ns edit {guard.kind.lower()} {guard.name}")


def test_what_fits_is_fine() -> None:
    scoped = Guard("ResourceQuota", "best-effort", {"hard": {"pods": "0"}, "scopes": ["BestEffort"]})
    defaults = limited("Container", default={"cpu": "2"}, defaultRequest={"cpu": "100m"}, max={"memory": "2Gi", "cpu": "2"})
    assert judged().level is Level.FINE
    found = judged(scoped, defaults, quota(requests_memory="5Gi", limits_cpu="8", pods="4", services="1", requests_storage="1Gi"))
    assert found.level is Level.FINE, found


def test_the_containers_are_those_of_the_stack() -> None:
    specification = Specification.of(settings_of("endpoint"))
    listed = Stack(STACKS["endpoint"][0], specification, ROOT).place.containers
    memory = sum(parse_bytes(one.resources["limits"]["memory"]) * one.pods for one in listed if one.stays)
    assert memory == sum(one.memory_bytes for one in specification.workloads)


def test_the_pipelines_own_guards_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Core:
        def __init__(self, _api: object) -> None:
            pass

        def list_namespaced_limit_range(self, namespace: str, **options: Any) -> SimpleNamespace:
            asked.append((namespace, options["label_selector"]))
            return SimpleNamespace(items=[SimpleNamespace(metadata=SimpleNamespace(name="small"), spec={"limits": []})])

        list_namespaced_resource_quota = list_namespaced_limit_range

    monkeypatch.setattr("kubernetes.client.CoreV1Api", Core)
    found = admission.look(SimpleNamespace(sanitize_for_serialization=dict), "ns", 1)
    assert [(one.kind, one.name) for one in found] == [("LimitRange", "small"), ("ResourceQuota", "small")]
    assert asked == [("ns", "app.kubernetes.io/part-of!=data-ingestion")] * 2
