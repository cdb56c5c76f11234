"""A field of another type than the API server takes is named with its place and both types, and no rule fails on it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from policy.declared import Declared, Limits
from tests.policy.everyday import everyday
from tests.policy.judging import by_pack, by_plan, shipped
from tests.policy.workbench import NAMESPACE, container, extra, pod

LIMITS = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**34}, own=NAMESPACE)
RULE = "fields-typed"
WRONG: tuple[Any, ...] = (5, 5.5, True, "text", ["text"], [5], [[]], {"a": 5})
FULL: dict[str, Any] = {
    "env": [{"name": "A", "value": "b"}],
    "envFrom": [{"configMapRef": {"name": "a"}}],
    "ports": [{"name": "http", "containerPort": 80}],
    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    "livenessProbe": {"exec": {"command": ["true"]}},
    "lifecycle": {"preStop": {"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": "A", "value": "b"}]}}},
    "args": ["--verbose"],
}
VOLUMES: list[dict[str, Any]] = [
    {"name": "data", "emptyDir": {}},
    {"name": "files", "configMap": {"name": "files", "items": [{"key": "a", "path": "b"}]}},
    {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": "a"}}]}},
]


def objects() -> dict[str, Declared]:
    """Return one object of each kind with most of the fields that rules read."""
    inside = pod(container(**FULL), initContainers=[container("init")], volumes=VOLUMES, securityContext={"runAsNonRoot": True})
    template = {"metadata": {"labels": {"app": "a"}, "annotations": {"a": "b"}}, "spec": inside}
    workload = {"replicas": 1, "selector": {"matchLabels": {"app": "a"}}, "template": template}
    peer = {"podSelector": {"matchLabels": {"app": "b"}}, "namespaceSelector": {"matchExpressions": []}}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    made = {
        "Pod": extra("Pod", "a", inside),
        "Deployment": extra("Deployment", "a", workload, "apps/v1"),
        "StatefulSet": extra("StatefulSet", "a", {**workload, "volumeClaimTemplates": [{"spec": claim}]}, "apps/v1"),
        "CronJob": extra("CronJob", "a", {"schedule": "@daily", "jobTemplate": {"spec": {"template": template}}}, "batch/v1"),
        "Service": extra("Service", "a", {"selector": {"app": "a"}, "ports": [{"port": 80}]}),
        "NetworkPolicy": extra(
            "NetworkPolicy", "a", {"podSelector": {}, "ingress": [{"from": [peer], "ports": [{"port": 80}]}]}, "networking.k8s.io/v1"
        ),
        "ConfigMap": extra("ConfigMap", "a", {}),
        "PersistentVolumeClaim": extra("PersistentVolumeClaim", "a", claim),
        "ResourceQuota": extra("ResourceQuota", "a", {"hard": {"pods": "5"}}),
        "LimitRange": extra("LimitRange", "a", {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}),
        "PodDisruptionBudget": extra("PodDisruptionBudget", "a", {"selector": {"matchLabels": {"app": "a"}}}, "policy/v1"),
        "Role": extra("Role", "a", {}, "rbac.authorization.k8s.io/v1"),
        "RoleBinding": extra("RoleBinding", "a", {}, "rbac.authorization.k8s.io/v1"),
    }
    made["ConfigMap"].inputs["data"] = {"a.properties": "a=b"}  # type: ignore[index]
    made["Role"].inputs["rules"] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]  # type: ignore[index]
    made["RoleBinding"].inputs.update(  # type: ignore[attr-defined]
        roleRef={"kind": "Role", "name": "a"}, subjects=[{"kind": "ServiceAccount", "name": "a", "namespace": "b"}]
    )
    return made


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value below the top."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in pairs for found in ((*path, key), *_places(item, (*path, key)))]


def _put(inputs: Any, path: tuple[Any, ...], value: Any) -> Any:
    fresh = copy.deepcopy(inputs)
    holder = fresh
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return fresh


@pytest.mark.full
@pytest.mark.parametrize("kind", objects())
def test_no_rule_fails_on_a_field_of_another_type(kind: str) -> None:
    given = objects()[kind]
    for path in _places(given.inputs):
        for value in WRONG:
            one = Declared(urn=given.urn, type=given.type, name=given.name, inputs=_put(given.inputs, path, value))
            told = [violation.message for violation in by_plan([one], LIMITS)]
            assert not any("could not run" in message for message in told), (path, value, told)


CASES: list[tuple[dict[str, Any], str]] = [
    ({"env": 5}, "containers[0].env: is a number, where Kubernetes takes a list"),
    (
        {"env": [{"name": "PORT", "value": 8080}]},
        "containers[0].env[0].value: is a number, where Kubernetes takes a text; put it in quotes",
    ),
    ({"env": {"PORT": "8080"}}, "containers[0].env: is an object, where Kubernetes takes a list"),
    ({"command": "sleep 5"}, "containers[0].command: is a text, where Kubernetes takes a list"),
    ({"args": ["-p", 8080]}, "containers[0].args[1]: is a number, where Kubernetes takes a text"),
    ({"image": 17}, "containers[0].image: is a number, where Kubernetes takes a text"),
    ({"ports": 8080}, "containers[0].ports: is a number, where Kubernetes takes a list"),
    ({"resources": "1Gi"}, "containers[0].resources: is a text, where Kubernetes takes an object"),
    ({"volumeMounts": ["/data"]}, "containers[0].volumeMounts[0]: is a text, where Kubernetes takes an object"),
    ({"securityContext": True}, "containers[0].securityContext: is true or false, where Kubernetes takes an object"),
]


@pytest.mark.parametrize(("more", "says"), CASES)
def test_the_field_and_both_types_are_named(more: dict[str, Any], says: str) -> None:
    one = extra("Pod", "a", pod(container(**more)))
    told = [violation.message for violation in by_plan([one], LIMITS) if violation.rule == RULE]
    assert any(says in message for message in told), told
    assert any(rule == RULE for rule, _message in by_pack([one], LIMITS))


def test_a_wrong_type_shows_no_value() -> None:
    one = extra("Pod", "a", pod(container(env="hunter2-secret")))
    assert not any("hunter2" in violation.message for violation in by_plan([one], LIMITS))


def test_everyday_objects_and_the_shipped_stacks_have_every_type_right() -> None:
    for one in (*everyday(), *shipped("sandbox")[0]):
        assert [violation.message for violation in by_plan([one], LIMITS) if violation.rule == RULE] == []
