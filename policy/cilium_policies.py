"""Network policies of Cilium: the pods to which they apply, and whether they let everybody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.addresses import public_ranges
from policy.guarded import restricts, selects
from stack.unknown import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.guarded import Pods

KINDS = {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}
_NAMESPACE = "io.kubernetes.pod.namespace"
_OF_NAMESPACE = "io.cilium.k8s.namespace.labels."
_NAME_OF_NAMESPACE = f"{_OF_NAMESPACE}kubernetes.io/metadata.name"
# Labels that Cilium gives to every pod
_ALWAYS = frozenset({_NAMESPACE, _NAME_OF_NAMESPACE, "io.cilium.k8s.policy.cluster", "io.cilium.k8s.policy.serviceaccount"})
# Entities that include addresses outside of the cluster, and all of its pods
_EVERYBODY = {"all", "world", "world-ipv4", "world-ipv6", "unmanaged", "cluster"}


def applies(spec: Mapping[str, Any], pods: Pods) -> bool:
    """Return whether a policy applies, or may apply, to pods; one with a nodeSelector applies to nodes."""
    selector = spec.get("endpointSelector")
    if selector is None and spec.get("nodeSelector") is not None:
        return False
    plain = _without_sources(selector)
    unseen = dict.fromkeys((key for key in _keys(plain) if key.startswith("io.cilium.")), UNKNOWN)
    known = {_NAMESPACE: pods.namespace, _NAME_OF_NAMESPACE: pods.namespace}
    return selects(plain, {**unseen, **known, **pods.labels})


def everybody(rule: object, *, clusterwide: bool) -> str | None:
    """Return whom an ingress rule lets in if these are not named clients.

    Args:
        rule: An ingress rule.
        clusterwide: The policy belongs to no namespace, so that its selectors mean the pods of all of them.
    """
    if not isinstance(rule, Mapping):
        return "clients that are not known at preview"
    peers = {str(key): value for key, value in rule.items() if str(key).startswith("from") and value}
    if not peers:
        return "everybody (a rule without from)" if rule else None  # an empty rule of Cilium allows nothing
    if any(isinstance(value, Unknown) or not isinstance(value, (list, tuple)) for value in peers.values()):
        return "clients that are not known at preview"
    if any(isinstance(one, Unknown) or one in _EVERYBODY for one in peers.get("fromEntities", ())):
        return "everybody (fromEntities)"
    wide = (_wide_endpoints(selector, clusterwide=clusterwide) for selector in peers.get("fromEndpoints", ()))
    return next((said for said in wide if said), None) or _wide_addresses(peers)


def _wide_addresses(peers: Mapping[str, Any]) -> str | None:
    sets = peers.get("fromCIDRSet", ())
    if any(not isinstance(one, Mapping) or one.get("cidr") is None for one in sets):
        return "a group of addresses that no preview shows (cidrGroupRef)"
    return public_ranges([*(one["cidr"] for one in sets), *peers.get("fromCIDR", ())])


def _wide_endpoints(selector: object, *, clusterwide: bool) -> str | None:
    """Return how a selector of clients names none; without a label of a namespace it means the policy's own."""
    if not isinstance(selector, Mapping):
        return "clients that are not known at preview"
    if any(key.startswith("reserved:") and key.removeprefix("reserved:") in _EVERYBODY for key in _keys(selector)):
        return "everybody (a reserved label)"
    plain = _without_sources(selector)
    namespaces = clusterwide or any(key == _NAMESPACE or key.startswith(_OF_NAMESPACE) for key in _keys(plain))
    return "the pods of every namespace" if namespaces and isinstance(plain, Mapping) and not restricts(plain, _ALWAYS) else None


def _without_sources(selector: object) -> object:
    """Return a selector with its labels as they stand on pods, without the source before a colon."""
    if not isinstance(selector, Mapping):
        return selector
    made = dict(selector)
    labels, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    if isinstance(labels, Mapping):
        made["matchLabels"] = {_plain(key): value for key, value in labels.items()}
    if isinstance(expressions, (list, tuple)):
        made["matchExpressions"] = [{**one, "key": _plain(one.get("key"))} if isinstance(one, Mapping) else one for one in expressions]
    return made


def _plain(key: object) -> str:
    return str(key).removeprefix("k8s:").removeprefix("any:")


def _keys(selector: object) -> Iterator[str]:
    """Yield the labels that a selector names."""
    said: Mapping[str, Any] = selector if isinstance(selector, Mapping) else {}
    labels, expressions = said.get("matchLabels"), said.get("matchExpressions")
    yield from map(str, labels if isinstance(labels, Mapping) else ())
    for one in expressions if isinstance(expressions, (list, tuple)) else ():
        yield str(one.get("key") if isinstance(one, Mapping) else one)
