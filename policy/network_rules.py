"""Rule for network policies: none lets everybody in to brokers, database, registry or Connect, which speak plain text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from policy.addresses import is_inside
from policy.guarded import guarded_pods, may_be_same, names_namespaces, pods_of, restricts, selects
from policy.rule import Rule
from problem import Problem
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.declared import Declared, Record
    from policy.guarded import Pods

_CURE = "name the clients in from: a podSelector, a namespaceSelector with labels, or the private ranges of an ipBlock"
_GROUPS = {"networking.k8s.io", "extensions"}
_CILIUM = {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}
_CALICO = {"NetworkPolicy", "GlobalNetworkPolicy"}
# Policies whose permissions no NetworkPolicy takes back; those of the kind Baseline give way to every NetworkPolicy.
_ADMIN = {"AdminNetworkPolicy", "ClusterNetworkPolicy"}
_NAME_OF_NAMESPACE = "kubernetes.io/metadata.name"
_CALICO_GROUPS = {"crd.projectcalico.org", "projectcalico.org"}
# Entities of Cilium that include addresses outside the cluster.
_WORLD = {"all", "world", "world-ipv4", "world-ipv6"}


def _kind(resource: Declared) -> str | None:
    """Return the network plug-in whose policy a resource is: Kubernetes' own, Cilium or Calico; None for anything else."""
    if not resource.is_kubernetes:
        return None
    if resource.kind.removesuffix("List") == "NetworkPolicy" and resource.group in _GROUPS:
        return "kubernetes"
    if resource.kind in _CILIUM and resource.group == "cilium.io":
        return "cilium"
    if resource.kind in _ADMIN and resource.group == "policy.networking.k8s.io":
        return "admin"
    return "calico" if resource.kind in _CALICO and resource.group in _CALICO_GROUPS else None


def _closed(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a policy against all pods declared so far, or guarded pods against all policies declared so far."""
    if _kind(resource):
        yield from islice(_open_to(resource, guarded_pods(record)), 1)
        return
    pods = pods_of(resource)
    if pods is None:
        return
    undeclared = [one for one in guarded_pods(record) if one.workload is None]
    for policy in _policies(record):
        if next(_open_to(policy, undeclared), None) is None:
            for problem in _open_to(policy, [pods]):
                yield Problem(rule=f"{policy.title} {problem.rule}", cure=problem.cure)


def _policies(record: Record) -> list[Declared]:
    return record.once("network policies", lambda: [one for one in record.resources.values() if _kind(one)])


def _open_to(policy: Declared, guarded: Iterable[Pods]) -> Iterator[Problem]:
    """Yield how a policy lets everybody in to guarded pods."""
    plugin = _kind(policy)
    for namespace, spec in _specifications(policy, plugin):
        reached = [
            pods for pods in guarded if (namespace is None or may_be_same(namespace, pods.namespace)) and _covers(plugin, spec, pods)
        ]
        if reached:
            yield from _open(plugin, spec, reached[0])


def _specifications(policy: Declared, plugin: str | None) -> Iterator[tuple[str | Unknown | None, object]]:
    """Yield each specification in an object with its namespace, None for all namespaces."""
    everywhere = policy.kind.startswith(("Global", "CiliumClusterwide")) or plugin == "admin"
    items = policy.objects
    for item in items if isinstance(items, (list, tuple)) else [policy.inputs]:
        one = item if isinstance(item, Mapping) else {"spec": item}
        metadata = one.get("metadata")
        own = metadata.get("namespace") if isinstance(metadata, Mapping) else metadata
        namespace = None if everywhere else own if isinstance(own, (str, Unknown)) and own else policy.namespace
        for spec in (one.get("spec"), *(one.get("specs") or [] if plugin == "cilium" else [])):
            if spec is not None:
                yield namespace, spec


def _covers(plugin: str | None, spec: object, pods: Pods) -> bool:
    """Return whether a policy applies, or may apply, to pods."""
    if not isinstance(spec, Mapping):
        return True
    if plugin == "admin":
        return _is_subject(spec.get("subject"), pods)
    if plugin == "calico":
        selector = spec.get("selector")
        return selector in (None, "", "all()") or any(str(value) in str(selector) for value in pods.labels.values())
    selector = spec.get("podSelector" if plugin == "kubernetes" else "endpointSelector")
    return selects(_without_prefixes(selector) if plugin == "cilium" else selector, pods.labels)


def _without_prefixes(selector: object) -> object:
    """Return a selector of Cilium with its labels as they stand on pods."""
    labels = selector.get("matchLabels") if isinstance(selector, Mapping) else None
    if not isinstance(selector, Mapping) or not isinstance(labels, Mapping):
        return selector
    return {**selector, "matchLabels": {str(key).removeprefix("k8s:").removeprefix("any:"): value for key, value in labels.items()}}


def _open(plugin: str | None, spec: object, pods: Pods) -> Iterator[Problem]:
    to = f"to {pods.title}"
    if not isinstance(spec, Mapping):
        yield Problem(rule=f"lets in clients {to} that are not known at preview", cure="set plain values")
        return
    types = spec.get("policyTypes" if plugin == "kubernetes" else "types")
    if isinstance(types, (list, tuple)) and types and not any(isinstance(one, Unknown) or one == "Ingress" for one in types):
        return  # ingress rules have no effect then
    rules = spec.get("ingress") or []
    for rule in rules if isinstance(rules, (list, tuple)) else [rules]:
        said = {"kubernetes": _everybody, "cilium": _everybody_of_cilium, "calico": _everybody_of_calico, "admin": _everybody_of_admin}[
            str(plugin)
        ](rule)
        if said:
            yield Problem(rule=f"lets {said} in {to}", cure=_CURE)


def _everybody(rule: object) -> str | None:
    """Return whom an ingress rule of Kubernetes lets in if these are not named clients."""
    if isinstance(rule, Unknown):
        return "clients that are not known at preview"
    peers = rule.get("from") if isinstance(rule, Mapping) else None
    if isinstance(peers, Unknown):
        return "clients that are not known at preview"
    if not peers:
        return "everybody (a rule without from)"
    return next((said for peer in peers if (said := _wide_peer(peer))), None)


def _wide_peer(peer: object) -> str | None:
    if not isinstance(peer, Mapping) or isinstance(peer.get("ipBlock"), Unknown):
        return "clients that are not known at preview"
    block, namespaces, pods = (peer.get(key) for key in ("ipBlock", "namespaceSelector", "podSelector"))
    if isinstance(block, Mapping):
        return _public([block.get("cidr")])
    if namespaces is None and pods is None:
        return "everybody (an empty peer)"
    if namespaces is None or names_namespaces(namespaces):
        return None
    if isinstance(namespaces, Unknown):
        return "namespaces that are not known at preview"
    names_pods = isinstance(pods, Mapping) and restricts(pods)
    return None if names_pods else "the pods of every namespace"


def _public(ranges: Iterable[object]) -> str | None:
    """Return the address ranges that are not part of a private network, whatever they except."""
    for one in ranges:
        if isinstance(one, Unknown):
            return "addresses that are not known at preview"
        if not is_inside(str(one)):
            return f"{one}, which may be outside your network,"
    return None


def _everybody_of_cilium(rule: object) -> str | None:
    if not isinstance(rule, Mapping):
        return "clients that are not known at preview"
    peers = {key: value for key, value in rule.items() if str(key).startswith("from") and value}
    if not peers:
        return "everybody (a rule without from)" if rule else None  # an empty rule of Cilium allows nothing
    entities = peers.get("fromEntities")
    if isinstance(entities, Unknown) or (
        isinstance(entities, (list, tuple)) and any(isinstance(one, Unknown) or one in _WORLD for one in entities)
    ):
        return "everybody (fromEntities)"
    sets = peers.get("fromCIDRSet")
    ranges = [one.get("cidr") for one in sets if isinstance(one, Mapping)] if isinstance(sets, (list, tuple)) else []
    listed = peers.get("fromCIDR")
    return _public([*ranges, *(listed if isinstance(listed, (list, tuple)) else [])])


def _is_subject(subject: object, pods: Pods) -> bool:
    """Return whether an admin network policy applies to pods; of the labels of a namespace only its name is known."""
    if not isinstance(subject, Mapping):
        return True
    inner = subject.get("pods")
    chosen = inner if isinstance(inner, Mapping) else {"namespaceSelector": subject.get("namespaces")}
    namespaces = chosen.get("namespaceSelector")
    named = not isinstance(namespaces, Mapping) or not restricts(namespaces) or selects(namespaces, {_NAME_OF_NAMESPACE: pods.namespace})
    return named and selects(chosen.get("podSelector") or {}, pods.labels)


def _everybody_of_admin(rule: object) -> str | None:
    if not isinstance(rule, Mapping):
        return "clients that are not known at preview"
    if str(rule.get("action", "Allow")).lower() not in {"allow", "accept"}:
        return None
    peers = rule.get("from")
    for peer in peers if isinstance(peers, (list, tuple)) else [peers]:
        inner = peer.get("pods") if isinstance(peer, Mapping) else None
        wide = _wide_peer(inner) if isinstance(inner, Mapping) else _wide_peer({"namespaceSelector": (peer or {}).get("namespaces")})
        if wide:
            return wide
    return None


def _everybody_of_calico(rule: object) -> str | None:
    if not isinstance(rule, Mapping):
        return "clients that are not known at preview"
    if str(rule.get("action", "Allow")).lower() != "allow":
        return None
    source = rule.get("source")
    said: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
    if said.get("nets"):
        return _public(said["nets"])
    named = any(said.get(key) not in (None, "", "all()", {}) for key in ("selector", "namespaceSelector", "serviceAccounts", "services"))
    return None if named else "everybody (a rule without source)"


RULES = (
    Rule(
        name="network-closed",
        says="No network policy lets everybody in to brokers, database, registry or Connect.",
        check=_closed,
        severity="critical",
    ),
)
