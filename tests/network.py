"""Reachability: Kubernetes' rules for Services and NetworkPolicies, applied to the resources of a stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.declared import containers

if TYPE_CHECKING:
    from tests.declared import Declared

COMPONENT = "app.kubernetes.io/component"


@dataclass(frozen=True, slots=True)
class Address:
    """A component (or a foreign namespace or address range) and the actual port of the connection, behind the Service."""

    target: str
    port: int


def selects(selector: Any, labels: dict[str, str]) -> bool:
    """Tell whether a label selector with only ``matchLabels`` matches."""
    assert set(selector) <= {"matchLabels"}, f"this reader does not know {set(selector)}"
    return all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())


def outside(declared: Declared) -> dict[tuple[str, int], tuple[str, ...]]:
    """Return the existing systems of the settings: host and port to the address ranges that they answer from."""
    source, streaming = declared.settings.source.external, declared.settings.streaming
    kafka, registry = streaming.kafka.external, streaming.registry.external
    found = {(source.host, source.port): source.addresses} if source else {}
    for server in kafka.bootstrap_servers if kafka else ():
        host, _, port = server.rpartition(":")
        found[host, int(port)] = kafka.addresses if kafka else ()
    endpoint = declared.settings.archive.endpoint
    if endpoint:
        found[str(urlsplit(endpoint.url).hostname), endpoint.port] = endpoint.addresses
    if registry:
        parts = urlsplit(registry.url)
        assert parts.hostname
        found[parts.hostname, parts.port or {"http": 80, "https": 443}[parts.scheme]] = registry.addresses
    return found


def resolve(declared: Declared, host: str, port: int) -> set[Address]:
    """Return the destinations of a connection from a pod to ``host:port``; raise when nothing declared or in the settings answers there."""
    if not host.endswith(".svc.cluster.local"):
        return {Address(cidr, port) for cidr in outside(declared)[host, port]}
    labels = host.removesuffix(".svc.cluster.local").split(".")
    service, namespace = labels[-2:]
    if namespace != declared.settings.names.namespace:
        store = declared.settings.archive.store
        assert store is not None
        assert (service, namespace, port) == (store.service, store.namespace, store.port)
        return {Address(namespace, port)}
    spec = declared.manifest("Service", service)["spec"]
    pod_labels = dict(spec["selector"])
    if len(labels) > 2:
        workload, _, ordinal = labels[0].rpartition("-")
        owner = declared.manifest("StatefulSet", workload)
        assert owner["spec"]["serviceName"] == service, f"{host}: the StatefulSet {workload} is governed by another Service"
        assert int(ordinal) < owner["spec"]["replicas"]
        assert spec["clusterIP"] == "None"
    target = next(name for name, pod in declared.pods.items() if pod_labels.items() <= pod["metadata"]["labels"].items())
    listening = {item["name"]: item["containerPort"] for item in containers(declared.pods[target])[-1]["ports"]}
    exposed = next(item for item in spec["ports"] if item["port"] == port)
    real = exposed.get("targetPort", port)
    real = listening[real] if isinstance(real, str) else real
    assert real in listening.values(), f"{target} does not listen on {real}"
    return {Address(declared.pods[target]["metadata"]["labels"][COMPONENT], real)}


@dataclass(frozen=True, slots=True)
class Rule:
    """One allowed direction of traffic of one component: the peer as Kubernetes selects it, protocol and port."""

    component: str
    peer: str
    protocol: str
    port: int


def _peer(peer: Any, declared: Declared) -> set[str]:
    if "ipBlock" in peer:
        return {peer["ipBlock"]["cidr"]}
    if "namespaceSelector" in peer:
        return {peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]}
    everyone = {pod["metadata"]["labels"][COMPONENT] for pod in declared.pods.values()}
    return {name for name in everyone if selects(peer["podSelector"], _labels(declared, name))}


def _labels(declared: Declared, component: str) -> dict[str, str]:
    labels: dict[str, str] = next(
        pod["metadata"]["labels"] for pod in declared.pods.values() if pod["metadata"]["labels"][COMPONENT] == component
    )
    return labels


def rules(declared: Declared, direction: str) -> set[Rule]:
    """Return the directions of traffic that the policies allow (``ingress`` or ``egress``)."""
    side = {"ingress": "from", "egress": "to"}[direction]
    allowed = set()
    for resource in declared.objects("NetworkPolicy").values():
        spec = resource.inputs["spec"]
        subjects = [name for name in declared.pods if selects(spec["podSelector"], declared.pods[name]["metadata"]["labels"])]
        for rule in spec.get(direction, []):
            assert rule.get(side), "a rule without peers allows everyone"
            assert rule.get("ports"), "a rule without ports allows all of them"
            peers = {name for peer in rule[side] for name in _peer(peer, declared)}
            allowed |= {
                Rule(declared.pods[name]["metadata"]["labels"][COMPONENT], peer, port["protocol"], port["port"])
                for name in subjects
                for peer in peers
                for port in rule["ports"]
            }
    return allowed
