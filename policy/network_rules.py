"""Rule for network policies: none lets everybody in to brokers, database, registry or Connect, which speak plain text."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from policy import calico_policies, cilium_policies
from policy.addresses import public_ranges
from policy.guarded import guarded_pods, may_be_same, names_namespaces, pods_of, restricts, selects
from policy.rule import Rule
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.declared import Declared, Record
    from policy.guarded import Pods

_CURE = "name the clients in from: a podSelector, a namespaceSelector with labels, or the private ranges of an ipBlock"
_GROUPS = {"networking.k8s.io", "extensions"}
# Policies whose permissions no NetworkPolicy takes back; those of the kind Baseline give way to every NetworkPolicy.
_ADMIN = {"AdminNetworkPolicy", "ClusterNetworkPolicy"}
_NAME_OF_NAMESPACE = "kubernetes.io/metadata.name"


def _kind(resource: Declared) -> str | None:
    """Return the network plug-in whose policy a resource is: Kubernetes' own, Cilium or Calico; None for anything else."""
    if not resource.is_kubernetes:
        return None
    if resource.kind.removesuffix("List") == "NetworkPolicy" and resource.group in _GROUPS:
        return "kubernetes"
    if resource.kind in cilium_policies.KINDS and resource.group == "cilium.io":
        return "cilium"
    if resource.kind in _ADMIN and resource.group == "policy.networking.k8s.io":
        return "admin"
    return "calico" if resource.kind in calico_policies.KINDS and resource.group in calico_policies.GROUPS else None


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
        near = [pods for pods in guarded if namespace is None or may_be_same(namespace, pods.namespace)]
        reached = [pods for pods in near if _covers(policy, plugin, spec, pods)]
        if reached:
            yield from _open(policy, plugin, spec, reached[0])


def _specifications(policy: Declared, plugin: str | None) -> Iterator[tuple[str | Unknown | None, object]]:
    """Yield each specification in an object with its namespace, None for all namespaces."""
    everywhere = _is_everywhere(policy)
    items = policy.objects
    for item in items if isinstance(items, (list, tuple)) else [policy.inputs]:
        one = item if isinstance(item, Mapping) else {"spec": item}
        metadata = one.get("metadata")
        own = metadata.get("namespace") if isinstance(metadata, Mapping) else metadata
        namespace = None if everywhere else own if isinstance(own, (str, Unknown)) and own else policy.namespace
        for spec in (one.get("spec"), *(one.get("specs") or [] if plugin == "cilium" else [])):
            if spec is not None:
                yield namespace, spec


def _is_everywhere(policy: Declared) -> bool:
    """Return whether a policy belongs to no namespace."""
    return policy.kind.startswith(("Global", "CiliumClusterwide")) or policy.kind in _ADMIN


def _covers(policy: Declared, plugin: str | None, spec: object, pods: Pods) -> bool:
    """Return whether a policy applies, or may apply, to pods."""
    if not isinstance(spec, Mapping):
        return True
    if plugin == "admin":
        return _is_subject(spec.get("subject"), pods)
    if plugin == "calico":
        return calico_policies.applies(spec, pods, everywhere=_is_everywhere(policy))
    return cilium_policies.applies(spec, pods) if plugin == "cilium" else selects(spec.get("podSelector"), pods.labels)


def _open(policy: Declared, plugin: str | None, spec: object, pods: Pods) -> Iterator[Problem]:
    to = f"to {pods.title}"
    if not isinstance(spec, Mapping):
        yield Problem(rule=f"lets in clients {to} that are not known at preview", cure="set plain values")
        return
    types = spec.get("policyTypes" if plugin == "kubernetes" else "types")
    if isinstance(types, (list, tuple)) and types and not any(isinstance(one, Unknown) or one == "Ingress" for one in types):
        return  # ingress rules have no effect then
    rules = spec.get("ingress") or []
    for rule in rules if isinstance(rules, (list, tuple)) else [rules]:
        said = _let_in(plugin, rule, everywhere=_is_everywhere(policy))
        if said:
            yield Problem(rule=f"lets {said} in {to}", cure=_CURE)


def _let_in(plugin: str | None, rule: object, *, everywhere: bool) -> str | None:
    """Return whom an ingress rule lets in if these are not named clients."""
    if plugin == "cilium":
        return cilium_policies.everybody(rule, clusterwide=everywhere)
    if plugin == "calico":
        return calico_policies.everybody(rule, everywhere=everywhere)
    return _everybody_of_admin(rule) if plugin == "admin" else _everybody(rule)


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
        return public_ranges([block.get("cidr")])
    if namespaces is None and pods is None:
        return "everybody (an empty peer)"
    if namespaces is None or names_namespaces(namespaces):
        return None
    if isinstance(namespaces, Unknown):
        return "namespaces that are not known at preview"
    names_pods = isinstance(pods, Mapping) and restricts(pods)
    return None if names_pods else "the pods of every namespace"


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


RULES = (
    Rule(
        name="network-closed",
        says="No network policy lets everybody in to brokers, database, registry or Connect.",
        check=_closed,
        severity="critical",
    ),
)
