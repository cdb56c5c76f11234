"""Autoscalers change neither the number nor the memory of brokers, databases and registries, and leave a worker running."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_scaling import changing, horizontal, keeping, sizing
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(memory={NAMESPACE: 2**36, "shop": 2**36}, volumes={NAMESPACE: 2**44, "shop": 2**44}, own=NAMESPACE)
RULE = "scale-kept"
# What runs in a container, and whether its number of pods may change
RUNNING: dict[str, tuple[dict[str, Any], bool]] = {
    "brokers": ({"image": "apache/kafka:4.1.0", "command": ["/opt/kafka/bin/kafka-server-start.sh", "/etc/server.properties"]}, False),
    "brokers of an image": ({"image": "redpandadata/redpanda:v24.2.7", "command": None}, False),
    "a database": ({"image": "postgres:17.2", "command": None}, False),
    "a database by its command": ({"command": ["postgres", "-D", "/data"]}, False),
    "a registry": ({"image": "confluentinc/cp-schema-registry:8.0.0", "command": None}, False),
    "a registry of Apicurio": ({"image": "apicurio/apicurio-registry:3.0.6", "command": None}, False),
    "a worker": ({"command": ["connect-distributed.sh", "/etc/worker.properties"]}, True),
    "a website": ({"image": "nginx:1.27.2", "command": None}, True),
    "a pool of connections": ({"image": "edoburu/pgbouncer:v1.23.1-p2", "command": None}, True),
    "a proxy of brokers": ({"image": "confluentinc/cp-kafka-rest:8.0.0", "command": None}, True),
}


def workload(one: dict[str, Any], kind: str = "StatefulSet", replicas: int = 2, namespace: str = NAMESPACE) -> Declared:
    """Return a workload."""
    template = {"metadata": {"labels": {"app": "it"}}, "spec": pod(container(**one))}
    return extra(kind, "it", {"replicas": replicas, "template": template}, "apps/v1", namespace)


def refused(*declared: Declared) -> bool:
    """Return whether plan and pack refuse an autoscaler by the rule, in any order."""
    told = RULE in {violation.rule for violation in by_plan(declared, LIMITS)}
    for order in (declared, declared[::-1]):
        assert told == (RULE in {rule for rule, _message in by_pack(order, LIMITS)})
    return told


@pytest.mark.parametrize("running", RUNNING)
def test_the_number_of_pods_is_the_one_declared(running: str, tally: Callable[[str, str, int, int], None]) -> None:
    one, is_free = RUNNING[running]
    tried = 0
    for kind, replicas in itertools.product(("StatefulSet", "Deployment"), (1, 3)):
        made = workload(one, kind, replicas)
        for scaler in changing(kind, "it", replicas):
            if running == "a worker":
                least = scaler.inputs["spec"].get("minReplicas", scaler.inputs["spec"].get("minReplicaCount", 0))
                expected = least < 1 or "idleReplicaCount" in scaler.inputs["spec"]
            else:
                expected = not is_free
            assert refused(made, scaler) is expected, scaler
            tried += expected
        for scaler in keeping(kind, "it", replicas):
            assert not refused(made, scaler)
        assert not refused(made, horizontal(kind, "another", minReplicas=1, maxReplicas=9))
        assert not refused(made, horizontal(kind, "it", "shop", minReplicas=1, maxReplicas=9))
    tally("autoscalers", "harmful", tried, 0)


@pytest.mark.parametrize("running", RUNNING)
def test_the_memory_of_pods_is_the_one_declared(running: str) -> None:
    one, _ = RUNNING[running]
    is_guarded = running not in {"a website", "a pool of connections", "a proxy of brokers"}
    for scaler in sizing("StatefulSet", "it"):
        assert refused(workload(one), scaler) is is_guarded
    spec = {
        "targetRef": {"kind": "StatefulSet", "name": "it"},
        "resourcePolicy": {"containerPolicies": [{"containerName": "*", "mode": "Off"}]},
    }
    assert not refused(workload(one), extra("VerticalPodAutoscaler", "v", spec, "autoscaling.k8s.io/v1"))


def test_a_target_without_a_kind_is_a_deployment_of_keda() -> None:
    scaler = extra("ScaledObject", "s", {"scaleTargetRef": {"name": "it"}}, "keda.sh/v1alpha1")
    assert refused(workload(RUNNING["a registry"][0], "Deployment"), scaler)
    assert not refused(workload(RUNNING["a registry"][0]), scaler)


def test_a_number_that_is_not_known_is_refused_where_it_counts() -> None:
    for name, least in (("brokers", 2), ("a worker", UNKNOWN)):
        assert refused(workload(RUNNING[name][0]), horizontal("StatefulSet", "it", minReplicas=least, maxReplicas=UNKNOWN))


def test_registries_of_others_may_scale_and_policies_of_gateways_name_other_things() -> None:
    registry = workload(RUNNING["a registry"][0], "Deployment", namespace="shop")
    assert not refused(registry, horizontal("Deployment", "it", "shop", minReplicas=1, maxReplicas=3))
    policy = {"targetRef": {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "it"}}
    assert not refused(workload(RUNNING["brokers"][0]), extra("SecurityPolicy", "p", policy, "gateway.envoyproxy.io/v1alpha1"))
