"""Autoscalers of every kind beside the stack: those that change brokers, database, registry or a running worker, and everyday ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.policy.workbench import NAMESPACE, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

KEDA = "keda.sh/v1alpha1"
VERTICAL = "autoscaling.k8s.io/v1"


def horizontal(kind: str, name: str, namespace: str = NAMESPACE, **bounds: Any) -> Declared:
    """Return an autoscaler of Kubernetes."""
    target = {"apiVersion": "apps/v1", "kind": kind, "name": name}
    return extra("HorizontalPodAutoscaler", f"scale-{name}", {"scaleTargetRef": target, **bounds}, "autoscaling/v2", namespace)


def changing(kind: str, name: str, replicas: int, namespace: str = NAMESPACE) -> Iterator[Declared]:
    """Yield autoscalers that change the number of pods of a workload, of several makers; none takes more than it has."""
    yield horizontal(kind, name, namespace, minReplicas=1 if replicas > 1 else 0, maxReplicas=replicas)
    yield horizontal(kind, name, namespace, minReplicas=replicas, maxReplicas=replicas + 1)
    target = {"scaleTargetRef": {"kind": kind, "name": name}}
    for bounds in ({}, {"minReplicaCount": replicas}, {"minReplicaCount": replicas, "maxReplicaCount": replicas, "idleReplicaCount": 0}):
        yield extra("ScaledObject", "s", {**target, **bounds}, KEDA, namespace)
    for made, group in (
        ("WatermarkPodAutoscaler", "datadoghq.com/v1alpha1"),
        ("CronHorizontalPodAutoscaler", "autoscaling.alibabacloud.com/v1beta1"),
        ("EffectiveHorizontalPodAutoscaler", "autoscaling.crane.io/v1alpha1"),
    ):
        yield extra(made, "s", target, group, namespace)


def sizing(kind: str, name: str, namespace: str = NAMESPACE) -> Iterator[Declared]:
    """Yield autoscalers that change the memory of a workload."""
    target = {"targetRef": {"apiVersion": "apps/v1", "kind": kind, "name": name}}
    for mode in (None, "Auto", "Recreate", "Initial", "InPlaceOrRecreate"):
        yield extra(
            "VerticalPodAutoscaler", "v", {**target, **({"updatePolicy": {"updateMode": mode}} if mode else {})}, VERTICAL, namespace
        )
    yield extra("DatadogPodAutoscaler", "v", target, "datadoghq.com/v1alpha2", namespace)


def keeping(kind: str, name: str, replicas: int, namespace: str = NAMESPACE) -> Iterator[Declared]:
    """Yield autoscalers of a workload that leave it as it is."""
    yield horizontal(kind, name, namespace, minReplicas=replicas, maxReplicas=replicas)
    target = {"targetRef": {"kind": kind, "name": name}}
    yield extra("VerticalPodAutoscaler", "v", {**target, "updatePolicy": {"updateMode": "Off"}}, VERTICAL, namespace)


def scaling(bench: Workbench) -> Iterator[Made]:
    """Yield autoscalers of the workloads of a stack."""
    for workload in bench.workloads():
        made = bench.inputs(workload)
        kind, name, replicas = made["kind"], made["metadata"]["name"], made["spec"].get("replicas", 1)
        if made["metadata"]["namespace"] != NAMESPACE:
            continue
        if name == "connect":
            yield f"scaling: {name} to none", "scale-kept", bench.with_more(horizontal(kind, name, minReplicas=0, maxReplicas=replicas))
        else:
            for at, one in enumerate(changing(kind, name, replicas)):
                yield f"scaling: {name} changed {at}", "scale-kept", bench.with_more(one)
        for at, one in enumerate(sizing(kind, name)):
            yield f"scaling: {name} sized {at}", "scale-kept", bench.with_more(one)
        for at, one in enumerate(keeping(kind, name, replicas)):
            yield f"scaling: {name} kept {at}", None, bench.with_more(one)
        for place in ("annotations", "labels"):
            for key, value in (("hpa.autoscaling.banzaicloud.io/maxReplicas", "3"), ("goldilocks.fairwinds.com/vpa-update-mode", "auto")):
                told = bench.changed(workload, lambda i, p=place, k=key, v=value: i["metadata"].setdefault(p, {}).update({k: v}))
                yield f"scaling: {name} by {place} {key}", "scale-kept", told
        told = bench.changed(workload, lambda i: i["metadata"]["labels"].update({"goldilocks.fairwinds.com/vpa-update-mode": "off"}))
        yield f"scaling: {name} with recommendations", None, told
