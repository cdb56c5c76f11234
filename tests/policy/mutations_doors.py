"""Changes that open a door past the Services, or loosen what guards the namespace; and everyday ones beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from tests.policy.workbench import NAMESPACE, Workbench, extra
from unknown import UNKNOWN

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
            patch = extra("ServicePatch", bench.inputs(name)["metadata"]["name"], spec)
            yield f"{name}: a patch with {spec}", "service-private", bench.with_more(patch)


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
    for hard in ({"pods": "20"}, {"limits.memory": "64Mi"}, {"count/jobs.batch": "5"}):
        yield f"guards: a quota of {hard}", None, bench.with_more(extra("ResourceQuota", "extra", {"hard": hard}))
    for kind, level in itertools.product(("Namespace", "NamespacePatch"), ("baseline", "restricted")):
        yield f"guards: {kind} of others {level}", None, bench.with_more(labelled(kind, "web", level))
    yield "guards: a privileged namespace of others", None, bench.with_more(labelled("Namespace", "kube-monitoring", "privileged"))
    address = extra("Service", "web", {"externalIPs": ["10.0.0.7"], "selector": {"app": "web"}, "ports": [{"port": 80}]})
    yield "routes: others at an address", None, bench.with_more(address)
