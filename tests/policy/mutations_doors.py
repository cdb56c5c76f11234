"""Changes that open a door past the Services, or loosen what guards the namespace; and everyday ones beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import NAMESPACE, Workbench, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made

NETWORKING = "networking.k8s.io/v1"
KAFKA = {"app.kubernetes.io/component": "kafka", "app.kubernetes.io/part-of": "data-ingestion"}
# selectors that reach a broker
REACHING: tuple[Any, ...] = (
    {},
    {"matchLabels": KAFKA},
    {"matchLabels": {"app.kubernetes.io/component": "kafka"}},
    {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": ["kafka", "x"]}]},
    {"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]},
)
OTHER: tuple[Any, ...] = (
    {"matchLabels": {"app": "grafana"}},
    {"matchExpressions": [{"key": "app", "operator": "In", "values": ["grafana"]}]},
    {"matchExpressions": [{"key": "app.kubernetes.io/part-of", "operator": "NotIn", "values": ["data-ingestion"]}]},
)


def block(cidr: Any, *excepted: str) -> dict[str, Any]:
    """Return a peer by addresses."""
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}


EVERY = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "Exists"}]}
BUT_ONE = {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["x"]}]}
# ingress rules that let everybody in, without their ports
WIDE: tuple[Any, ...] = (
    {},
    {"from": []},
    {"from": None},
    {"from": UNKNOWN},
    {"from": [{}]},
    *({"from": [block(cidr)]} for cidr in ("0.0.0.0/0", "::/0", "0.0.0.0/1", "8.0.0.0/7", "10.0.0.0/7", "2000::/3", UNKNOWN, "anywhere")),
    {"from": [block("0.0.0.0/1"), block("128.0.0.0/1")]},
    {"from": [block("::/1"), block("8000::/1")]},
    {"from": [block("10.0.0.0/8"), block("0.0.0.0/0", "192.0.2.0/24")]},
    {"from": [block("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12")]},
    *({"from": [{"namespaceSelector": one}]} for one in ({}, EVERY, BUT_ONE, UNKNOWN)),
    *({"from": [{"namespaceSelector": {}, "podSelector": one}]} for one in ({}, {"matchLabels": {}})),
)
NARROW: tuple[Any, ...] = (
    {"from": [{"podSelector": {"matchLabels": {"app": "console"}}}]},
    {"from": [{"podSelector": {}}]},
    {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]},
    {"from": [{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "In", "values": ["data"]}]}}]},
    {"from": [{"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}]},
    {"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "prometheus"}}}]},
    *({"from": [block(cidr)]} for cidr in ("10.20.0.0/16", "172.16.0.0/12", "192.168.1.7/24", "100.64.0.0/10", "fd00::/8")),
    {"from": [block("10.0.0.0/8", "10.1.0.0/16"), {"podSelector": {"matchLabels": {"app": "console"}}}]},
)


def policy(selector: Any, *rules: Any, namespace: str = NAMESPACE, **more: Any) -> Declared:
    """Return a network policy."""
    return extra("NetworkPolicy", "extra", {"podSelector": selector, "ingress": list(rules), **more}, NETWORKING, namespace)


def network(bench: Workbench) -> Iterator[Made]:
    """Yield network policies that let everybody in to a broker, by every selector and every kind of peer."""
    for (at, selector), (number, rule) in itertools.product(enumerate(REACHING), enumerate(WIDE)):
        ports = {"ports": [{"port": 9092}]} if (at + number) % 2 else {}
        yield f"network: selector {at}, rule {number}", "network-closed", bench.with_more(policy(selector, {**rule, **ports}))
    beside = bench.with_more(policy({}, NARROW[0], {}, policyTypes=["Ingress", "Egress"]))
    yield "network: a wide rule beside a narrow one", "network-closed", beside
    listed = Declared(
        urn="urn::list",
        type=f"kubernetes:{NETWORKING}:NetworkPolicyList",
        name="list",
        inputs={"items": [{"metadata": {"namespace": NAMESPACE}, "spec": {"podSelector": {}, "ingress": [{}]}}]},
    )
    yield "network: in a list", "network-closed", bench.with_more(listed)
    yield "network: unknown", "network-closed", bench.with_more(extra("NetworkPolicy", "extra", UNKNOWN, NETWORKING))


def routes(bench: Workbench) -> Iterator[Made]:
    """Yield routes and addresses that publish a Service around its own rule."""
    backend = {"service": {"name": "connect", "port": {"number": 8083}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    for name, kind, group, spec in (
        ("an Ingress", "Ingress", NETWORKING, {"rules": [{"host": "x.example.com", "http": {"paths": [path]}}]}),
        ("a default backend", "Ingress", NETWORKING, {"defaultBackend": backend}),
        ("an HTTPRoute", "HTTPRoute", "gateway.networking.k8s.io/v1", {"rules": [{"backendRefs": [{"name": "schema-registry"}]}]}),
        ("a TCPRoute", "TCPRoute", "gateway.networking.k8s.io/v1alpha2", {"rules": [{"backendRefs": [{"name": "postgresql"}]}]}),
    ):
        yield f"routes: {name}", "service-private", bench.with_more(extra(kind, "extra", spec, group))
    yield (
        "routes: an export to other clusters",
        "service-private",
        bench.with_more(extra("ServiceExport", "kafka-0", {}, "multicluster/v1")),
    )
    for key in ("tailscale.com/expose", "skupper.io/proxy"):
        for name in bench.of_kind("Service"):
            told = bench.changed(name, lambda i, k=key: i["metadata"].setdefault("annotations", {}).update({k: "true"}))
            yield f"{name}: {key}", "service-private", told
    elsewhere = {"rules": [{"backendRefs": [{"name": "kafka-0", "namespace": NAMESPACE}]}]}
    made = bench.with_more(extra("TLSRoute", "extra", elsewhere, "gateway.networking.k8s.io/v1alpha2", "web"))
    yield "routes: from another namespace", "service-private", made
    for name in bench.of_kind("Service"):
        told = bench.changed(name, lambda i: i["spec"].update(externalIPs=["203.0.113.7"]))
        yield f"{name}: at an address", "service-private", told
        for spec in (
            {"type": "LoadBalancer"},
            {"type": UNKNOWN},
            {"externalIPs": ["10.0.0.7"]},
            {"loadBalancerSourceRanges": ["0.0.0.0/0"]},
        ):
            metadata = bench.inputs(name)["metadata"]
            patch = extra("ServicePatch", metadata["name"], spec, namespace=metadata["namespace"])
            yield f"{name}: a patch with {spec}", "service-private", bench.with_more(patch)


# Quotas in which the claims, objects and CPUs of every stack do not fit
STARVING: tuple[dict[str, str], ...] = (
    {"requests.storage": "1Gi"},
    {"requests.storage": "0"},
    {"persistentvolumeclaims": "2"},
    {"count/persistentvolumeclaims": "0"},
    {"count/statefulsets.apps": "0"},
    {"count/deployments.apps": "1"},
    {"services": "1"},
    {"configmaps": "1"},
    {"count/networkpolicies.networking.k8s.io": "1"},
    {"requests.cpu": "10m"},
    {"cpu": "0.01"},
    {"limits.cpu": "640"},
    {"requests.memory": "64Mi"},
    {"memory": "64Mi"},
)
# Scopes into which the pods of every stack fall, and scopes into which they do not
RUNNING: dict[str, dict[str, Any]] = {
    "what runs": {"scopes": ["NotTerminating"]},
    "what requests memory": {"scopes": ["NotBestEffort"]},
    "what has no priority": {"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "DoesNotExist"}]}},
    "what runs, by a selector": {"scopeSelector": {"matchExpressions": [{"scopeName": "NotTerminating", "operator": "Exists"}]}},
}
OTHERS: dict[str, dict[str, Any]] = {
    "jobs": {"scopes": ["Terminating"]},
    "what requests nothing": {"scopes": ["BestEffort"]},
    "a class of priorities": {
        "scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["batch"]}]}
    },
}
# Quotas in which they do
ROOMY: tuple[dict[str, str], ...] = (
    {"requests.storage": "640Ti"},
    {"persistentvolumeclaims": "40"},
    {"slow.storageclass.storage.k8s.io/requests.storage": "0"},
    {"slow.storageclass.storage.k8s.io/persistentvolumeclaims": "0"},
    {"count/statefulsets.apps": "10"},
    {"services": "50", "services.loadbalancers": "50", "services.nodeports": "50"},
    {"secrets": "100", "configmaps": "100"},
    {"count/jobs.batch": "0"},
    {"requests.cpu": "64"},
)


def guards(bench: Workbench) -> Iterator[Made]:
    """Yield patches of what guards the namespace, and labels and quotas that loosen it."""
    for kind, group, spec in (
        ("ResourceQuotaPatch", "core/v1", {"hard": {"limits.memory": "1Ti"}}),
        ("LimitRangePatch", "core/v1", {"limits": []}),
        ("NetworkPolicyPatch", NETWORKING, {"ingress": [{}]}),
        ("PodDisruptionBudgetPatch", "policy/v1", {"maxUnavailable": "100%"}),
    ):
        for name, said in (("spec", spec), ("unknown", UNKNOWN)):
            yield f"guards: {kind} {name}", "guards-kept", bench.with_more(extra(kind, "extra", said, group))
    for hard in ({"pods": "0"}, {"count/pods": "2"}, {"limits.memory": "64Mi"}):
        yield f"guards: a starving quota of {hard}", "guards-kept", bench.with_more(extra("ResourceQuota", "extra", {"hard": hard}))
    for hard in STARVING:
        yield f"guards: a quota of {hard} too small", "guards-kept", bench.with_more(extra("ResourceQuota", "extra", {"hard": hard}))
    for hard in ({"pods": "2"}, {"requests.cpu": "10m"}, {"limits.memory": "64Mi"}):
        for name, scope in RUNNING.items():
            running = extra("ResourceQuota", "extra", {"hard": hard, **scope})
            yield f"guards: a quota of {hard} for {name}", "guards-kept", bench.with_more(running)
    for kind, bound in (
        ("PersistentVolumeClaim", {"max": {"storage": "1Gi"}}),
        ("PersistentVolumeClaim", {"min": {"storage": "9Ti"}}),
        ("Container", {"max": {"cpu": "10m"}}),
        ("Container", {"min": {"cpu": "8"}}),
        ("Container", {"max": {"memory": "16Mi"}}),
        ("Pod", {"max": {"memory": "64Mi"}}),
        ("Container", {"min": {"memory": "8Gi"}}),
    ):
        limits = extra("LimitRange", "extra", {"limits": [{"type": kind, **bound}]})
        yield f"guards: limits of {kind} with {bound}", "guards-kept", bench.with_more(limits)
    for kind, level in itertools.product(("Namespace", "NamespacePatch"), ("baseline", "privileged", UNKNOWN)):
        yield f"guards: {kind} {level}", "guards-kept", bench.with_more(labelled(kind, NAMESPACE, level))


def labelled(kind: str, name: str, level: Any) -> Declared:
    """Return a namespace, or a patch of one, with a level of Pod Security."""
    made = extra(kind, name, {})
    made.inputs["metadata"].pop("namespace")
    made.inputs["metadata"]["labels"] = {"pod-security.kubernetes.io/enforce": level}
    return made


def harmless_doors(bench: Workbench) -> Iterator[Made]:
    """Yield everyday policies, routes, patches and quotas."""
    for number, rule in enumerate(NARROW):
        yield f"network: narrow rule {number}", None, bench.with_more(policy({}, {**rule, "ports": [{"port": 9092}]}))
    for (at, selector), (number, rule) in itertools.product(enumerate(OTHER), enumerate(WIDE[:8])):
        yield f"network: for other pods {at}, rule {number}", None, bench.with_more(policy(selector, rule))
    yield "network: in another namespace", None, bench.with_more(policy({}, {}, namespace="web"))
    yield "network: egress only", None, bench.with_more(policy({}, {}, policyTypes=["Egress"]))
    yield "network: nothing in", None, bench.with_more(policy({}))
    paths = {"paths": [{"path": "/", "backend": {"service": {"name": "grafana", "port": {"name": "connect"}}}}]}
    ingress = {"rules": [{"host": "connect.example.com", "http": paths}]}
    yield "routes: an Ingress for others", None, bench.with_more(extra("Ingress", "extra", ingress, NETWORKING))
    for kind, group in (("ResourceQuotaPatch", "core/v1"), ("NetworkPolicyPatch", NETWORKING), ("ServicePatch", "core/v1")):
        patch = extra(kind, "extra", {}, group)
        patch.inputs.pop("spec")  # type: ignore[attr-defined]
        patch.inputs["metadata"]["labels"] = {"team": "data"}
        yield f"guards: labels by a {kind}", None, bench.with_more(patch)
    for name, scope in OTHERS.items():
        yield f"guards: a quota for {name}", None, bench.with_more(extra("ResourceQuota", "extra", {"hard": {"pods": "0"}, **scope}))
    cpu = {"hard": {"limits.cpu": "64"}}, {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}
    filled = bench.with_more(extra("ResourceQuota", "extra", cpu[0]), extra("LimitRange", "extra", cpu[1]))
    yield "guards: a quota of CPU with a default", None, filled
    for bound in ({"max": {"storage": "640Gi"}}, {"min": {"storage": "1Gi"}}):
        limits = extra("LimitRange", "extra", {"limits": [{"type": "PersistentVolumeClaim", **bound}]})
        yield f"guards: limits of claims with {bound}", None, bench.with_more(limits)
    for hard in ({"pods": "20"}, {"limits.memory": "640Gi"}, {"count/jobs.batch": "5"}, *ROOMY):
        yield f"guards: a quota of {hard}", None, bench.with_more(extra("ResourceQuota", "extra", {"hard": hard}))
    for kind, level in itertools.product(("Namespace", "NamespacePatch"), ("baseline", "restricted")):
        yield f"guards: {kind} of others {level}", None, bench.with_more(labelled(kind, "web", level))
    yield "guards: a privileged namespace of others", None, bench.with_more(labelled("Namespace", "kube-monitoring", "privileged"))
    address = extra("Service", "web", {"externalIPs": ["10.0.0.7"], "selector": {"app": "web"}, "ports": [{"port": 80}]})
    yield "routes: others at an address", None, bench.with_more(address)
