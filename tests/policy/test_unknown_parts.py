"""A part of a pod that is unknown at preview is refused by its path, and no rule ends in an error of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**34})
PROBE = {"exec": {"command": ["check", "-q"]}}
ONE = container(
    memory="1Gi",
    args=["-v"],
    workingDir="/work",
    ports=[{"containerPort": 1}],
    volumeMounts=[{"name": "files", "mountPath": "/files"}],
    livenessProbe={"httpGet": {"path": "/", "port": 1, "httpHeaders": [{"name": "Accept", "value": "text/plain"}]}},
    readinessProbe=PROBE,
    lifecycle={"postStart": {"httpGet": {"path": "/", "port": 1}}, "preStop": PROBE},
    env=[{"name": "A", "value": "b"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}],
)
POD = pod(
    ONE,
    initContainers=[container("prepare")],
    volumes=[
        {"name": "files", "configMap": {"name": "c", "items": [{"key": "a", "path": "b"}]}},
        {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "a", "audience": "b"}}]}},
        {"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ],
    securityContext={"runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}, "sysctls": [{"name": "a", "value": "b"}]},
    hostAliases=[{"ip": "10.0.0.1", "hostnames": ["a"]}],
    nodeSelector={"disk": "fast"},
    overhead={"memory": "1Mi"},
    priorityClassName="batch",
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], part: Any) -> Any:
    """Return a copy of a value with another part."""
    if not path:
        return part
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], part)
    return copied


def deployment(spec: Any) -> Declared:
    """Return a Deployment of a pod."""
    return extra("Deployment", "tool", {"replicas": 1, "template": {"metadata": {"labels": {"app": "tool"}}, "spec": spec}}, "apps/v1")


@pytest.mark.parametrize("path", [path for path in paths(POD) if path], ids=lambda path: ".".join(map(str, path)))
def test_an_unknown_part_is_named(path: tuple[Any, ...], tally: Any) -> None:
    before = POD
    for step in path:
        before = before[step]
    parts: list[Any] = [UNKNOWN, *([[UNKNOWN]] if isinstance(before, list) else [])]
    for part in parts:
        one = deployment(replaced(POD, path, part))
        plan = by_plan([one], LIMITS)
        assert {found.rule for found in plan} == {rule for rule, _message in by_pack([one], LIMITS)}
        assert not [found.message for found in plan if "could not run" in found.message]
    tally("unknown parts of pods", "inputs", len(parts), 0)
