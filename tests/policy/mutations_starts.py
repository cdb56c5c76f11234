"""Changes of the stack's own workloads by which they never start, are ended again and again, or reach no node; and everyday ones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from tests.policy.workbench import NAMESPACE, container, extra, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

_OWN = ("kafka", "postgresql", "connect", "schema-registry")
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
# Handlers that never get an answer, whichever part they ask
_DEAF: tuple[dict[str, Any], ...] = (
    {"exec": {"command": ["false"]}},
    {"exec": {"command": ["/bin/false"]}},
    {"exec": {"command": ["sh", "-c", "exit 1"]}},
    {"exec": {"command": ["/bin/bash", "-c", "false"]}},
    {"tcpSocket": {"port": 1}},
    {"tcpSocket": {"port": "nowhere"}},
    {"tcpSocket": {"port": 5432, "host": "203.0.113.7"}},
    {"httpGet": {"path": "/", "port": 1}},
    {"grpc": {"port": 9092}},
)
# Commands that start Java within a second, which is Kubernetes' own limit
_JAVA = (
    ["/opt/kafka/bin/kafka-topics.sh", "--list"],
    ["sh", "-c", "kafka-broker-api-versions.sh --bootstrap-server a"],
    ["java", "-jar", "a.jar"],
)


def _without_handler(probe: dict[str, Any]) -> None:
    for key in ("exec", "tcpSocket", "httpGet", "grpc"):
        probe.pop(key, None)


def _probe(name: str, **more: Any) -> Callable[[Any], None]:
    """Return a change of one probe of a workload's process; a handler takes the place of its own."""

    def change(inputs: Any) -> None:
        probe = pod_of(inputs)["containers"][0][name]
        if not {"exec", "tcpSocket", "httpGet", "grpc"}.isdisjoint(more):
            _without_handler(probe)
        probe.update(more)

    return change


def _process(change: Callable[[Any], Any]) -> Callable[[Any], None]:
    return lambda inputs: change(pod_of(inputs)["containers"][0])


def harmful_starts() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield changes of any part: probes without patience or answer, hooks, first containers, and a trickle of CPU."""
    for name in _PROBES:
        for handler in _DEAF:
            yield f"{name} {handler}", _probe(name, **handler)
        for command in _JAVA:
            yield f"{name} {command[-1]} in a second", _probe(name, exec={"command": command}, timeoutSeconds=1)
    for name in ("startupProbe", "livenessProbe"):
        yield f"{name} without patience", _probe(name, periodSeconds=1, failureThreshold=1, initialDelaySeconds=0)
        yield f"{name} by default", lambda i, n=name: pod_of(i)["containers"][0][n].pop("failureThreshold")
    yield "no startupProbe", lambda i: pod_of(i)["containers"][0].pop("startupProbe")
    for name in ("startupProbe", "readinessProbe"):
        yield f"{name} after a day", _probe(name, initialDelaySeconds=86400)
    yield "readinessProbe once a day", _probe("readinessProbe", periodSeconds=86400)
    yield "a condition", lambda i: pod_of(i).update(readinessGates=[{"conditionType": "example.com/never"}])
    for command in (["false"], ["sh", "-c", "exit 1"]):
        hook = {"postStart": {"exec": {"command": command}}}
        yield f"a hook {command[-1]}", _process(lambda one, h=hook: one.update(lifecycle=h))
    for command in (["false"], ["sleep", "infinity"], ["sh", "-c", "while true; do sleep 9; done"], ["tail", "-f", "/dev/null"]):
        first = container("first", command=command)
        yield f"a first container {command[-1]}", lambda i, f=first: pod_of(i).setdefault("initContainers", []).append(f)
    for cpu in ("1m", "10m", "0.05"):
        yield (
            f"{cpu} of CPU",
            _process(
                lambda one, c=cpu: one["resources"].update(requests={"memory": "1Mi"}, limits={**one["resources"]["limits"], "cpu": c})
            ),
        )
    yield "a device", _process(lambda one: one["resources"]["limits"].update({"nvidia.com/gpu": 1}))


def _nodes(*terms: dict[str, Any]) -> dict[str, Any]:
    return {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": list(terms)}}}}


def harmful_nodes() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield fields of a pod that no node, or no scheduler, fits."""
    yield "a gate", {"schedulingGates": [{"name": "example.com/wait"}]}
    yield "another scheduler", {"schedulerName": "volcano"}
    yield "Windows", {"nodeSelector": {"kubernetes.io/os": "windows"}}
    for at, expressions in enumerate(
        (
            [],
            [{"key": "kubernetes.io/os", "operator": "In", "values": ["windows"]}],
            [{"key": "a", "operator": "In", "values": ["b"]}, {"key": "a", "operator": "NotIn", "values": ["b"]}],
            [{"key": "a", "operator": "NotIn", "values": ["b"]}, {"key": "a", "operator": "In", "values": ["b"]}],
            [{"key": "a", "operator": "In", "values": ["b"]}, {"key": "a", "operator": "In", "values": ["c"]}],
            [{"key": "a", "operator": "Exists"}, {"key": "a", "operator": "DoesNotExist"}],
        )
    ):
        yield (
            f"a contradiction {at}",
            {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": expressions}]}}}},
        )
    other = {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["c"]}]}]}}}
    yield "a selector against a term", {"nodeSelector": {"a": "b"}, "affinity": other}
    beside = {"labelSelector": {"matchLabels": {"app": "nowhere"}}, "topologyKey": "kubernetes.io/hostname"}
    yield "beside nothing", {"affinity": {"podAffinity": {_REQUIRED: [beside]}}}


def everyday_nodes() -> Iterator[dict[str, Any]]:
    """Yield everyday choices of nodes."""
    yield {"nodeSelector": {"kubernetes.io/os": "linux", "node.kubernetes.io/instance-type": "m7g.large"}}
    yield {"schedulerName": "default-scheduler", "schedulingGates": []}
    for expressions in (
        [{"key": "a", "operator": "In", "values": ["b", "c"]}, {"key": "a", "operator": "NotIn", "values": ["b"]}],
        [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "DoesNotExist"}],
        [{"key": "a", "operator": "NotIn", "values": ["b"]}],
    ):
        terms = [{"matchExpressions": expressions}]
        yield {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": terms}}}}
        yield {"affinity": {"nodeAffinity": {_REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": []}, *terms]}}}}
    beside = {
        "labelSelector": {"matchLabels": {"app.kubernetes.io/part-of": "data-ingestion"}},
        "topologyKey": "topology.kubernetes.io/zone",
    }
    yield {"affinity": {"podAffinity": {_REQUIRED: [beside]}}}
    yield {"affinity": {"podAntiAffinity": {_REQUIRED: [{**beside, "topologyKey": "kubernetes.io/hostname"}]}}}


def everyday_starts() -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield probes with as much patience in other figures, hooks that succeed, and CPU that is enough."""
    yield "slower probes", _probe("startupProbe", periodSeconds=5, failureThreshold=120)
    yield "a later start", _probe("startupProbe", initialDelaySeconds=30)
    yield "quicker probes", _probe("livenessProbe", periodSeconds=10, failureThreshold=12, timeoutSeconds=10)
    yield "a quick readiness", _probe("readinessProbe", periodSeconds=2, failureThreshold=1)
    yield "no livenessProbe", lambda i: pod_of(i)["containers"][0].pop("livenessProbe")
    yield (
        "a port by its number",
        lambda i: _probe("livenessProbe", tcpSocket={"port": pod_of(i)["containers"][0]["ports"][0]["containerPort"]})(i),
    )
    yield "a command of its own", _probe("readinessProbe", exec={"command": ["sh", "-c", "test -f /tmp/ready"]})
    for cpu in ("100m", "1", 2):
        yield f"{cpu} of CPU", _process(lambda one, c=cpu: one["resources"]["limits"].update(cpu=c))
    hook = {"postStart": {"exec": {"command": ["true"]}}, "preStop": {"exec": {"command": ["sleep", "5"]}}}
    yield "hooks", _process(lambda one: one.update(lifecycle=hook))


def node(kind: str, *taints: tuple[str, str], name: str = "node-1", **spec: Any) -> Declared:
    """Return a node, or a patch of one, with taints."""
    made = extra(kind, name, {"taints": [{"key": key, "value": "x", "effect": effect} for key, effect in taints], **spec})
    made.inputs["metadata"].pop("namespace")
    return made


def starts(bench: Workbench) -> Iterator[Made]:
    """Yield all of them for each of the stack's own workloads, and taints of nodes."""
    for name in bench.workloads():
        inputs = bench.inputs(name)
        if inputs["metadata"]["name"] in _OWN and inputs["metadata"]["namespace"] == NAMESPACE:
            yield from _of(bench, name)
    for kind in ("Node", "NodePatch"):
        yield f"starts: {kind} NoExecute", "pods-kept", bench.with_more(node(kind, ("a", "NoSchedule"), ("b", "NoExecute")))
        yield f"starts: {kind} NoSchedule", None, bench.with_more(node(kind, ("nvidia.com/gpu", "NoSchedule"), ("b", "PreferNoSchedule")))
    for said, rule in (("NoExecute", "pods-kept"), ("NoExecute-", None), ("NoSchedule", None)):
        script = extra("ConfigMap", "script", {})
        script.inputs["data"] = {"a.sh": f"set -e\nkubectl --context a taint nodes --all dedicated=x:{said}\n"}  # type: ignore[index]
        yield f"starts: kubectl {said}", rule, bench.with_more(script)
    for bound, rule in (
        ({"type": "Container", "default": {"cpu": "10m"}}, "guards-kept"),
        ({"type": "Container", "max": {"cpu": "50m"}}, "guards-kept"),
        ({"type": "Pod", "max": {"cpu": "8"}}, "guards-kept"),
        ({"type": "Container", "default": {"cpu": "500m"}}, None),
        ({"type": "Container", "default": {"cpu": "10m"}, "max": {"memory": "64Gi"}}, "guards-kept"),
    ):
        yield f"starts: limits {bound}", rule, bench.with_more(extra("LimitRange", "extra", {"limits": [bound]}))
    filled = {"limits": [{"type": "Pod", "max": {"cpu": "64"}}, {"type": "Container", "default": {"cpu": "2"}}]}
    yield "starts: limits of pods with a default", None, bench.with_more(extra("LimitRange", "extra", filled))


def some(bench: Workbench) -> Iterator[Made]:
    """Yield every seventh of them; tests/policy/test_own_pods.py judges all."""
    yield from itertools.islice(starts(bench), 0, None, 7)


def _of(bench: Workbench, name: str) -> Iterator[Made]:
    for what, change in harmful_starts():
        yield f"starts: {name} with {what}", "pods-kept", bench.changed(name, change)
    for what, fields in harmful_nodes():
        yield f"starts: {name} with {what}", "pods-kept", bench.changed(name, lambda i, f=fields: pod_of(i).update(f))
    for what, change in everyday_starts():
        yield f"starts: {name} with everyday {what}", None, bench.changed(name, change)
    for at, fields in enumerate(everyday_nodes()):
        yield f"starts: {name} on everyday nodes {at}", None, bench.changed(name, lambda i, f=fields: pod_of(i).update(f))
