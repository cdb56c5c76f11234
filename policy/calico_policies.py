"""Network policies of Calico: the pods to which they apply, and whether they let everybody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.addresses import public_ranges
from policy.calico_selectors import may_select, parse, restricts
from stack.unknown import UNKNOWN, Unknown, unknown_paths

if TYPE_CHECKING:
    from policy.guarded import Pods

KINDS = {"NetworkPolicy", "GlobalNetworkPolicy"}
GROUPS = {"crd.projectcalico.org", "projectcalico.org"}
_OWN = "projectcalico.org/"
# Labels that every namespace and every pod has
_OF_NAMESPACES = frozenset({f"{_OWN}name", "kubernetes.io/metadata.name"})
_OF_PODS = frozenset({f"{_OWN}namespace", f"{_OWN}orchestrator", f"{_OWN}serviceaccount"})


class _Labels(dict[str, object]):
    """Labels of which Calico adds some that no template shows: its own, and those of the namespace and the account."""

    def __init__(self, unseen: tuple[str, ...], known: Mapping[str, object]) -> None:
        super().__init__(known)
        self._unseen = unseen

    def get(self, key: str, default: object = None) -> object:
        return super().get(key, UNKNOWN if key.startswith(self._unseen) else default)


def applies(spec: Mapping[str, Any], pods: Pods, *, everywhere: bool) -> bool:
    """Return whether a policy applies, or may apply, to pods.

    Args:
        spec: Its specification.
        pods: The pods.
        everywhere: It belongs to no namespace, so that it may choose some by their labels.
    """
    own = {f"{_OWN}namespace": pods.namespace, f"{_OWN}orchestrator": "k8s"}
    if not may_select(parse(spec.get("selector")), _Labels((_OWN, "pcns.", "pcsa."), {**own, **pods.labels})):
        return False
    named = dict.fromkeys(_OF_NAMESPACES, pods.namespace)
    return not everywhere or may_select(parse(spec.get("namespaceSelector")), _Labels(("",), named))


def everybody(rule: object, *, everywhere: bool) -> str | None:
    """Return whom an ingress rule lets in if these are not named clients."""
    if not isinstance(rule, Mapping):
        return "clients that are not known at preview"
    if str(rule.get("action", "Allow")).lower() != "allow":
        return None
    source = rule.get("source")
    if isinstance(source, Unknown) or list(unknown_paths(source or {})):
        return "clients that are not known at preview"
    said: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
    if _names(said, everywhere=everywhere):
        return None
    if said.get("nets"):
        return public_ranges(said["nets"])
    return "everybody (its source names no pods, namespaces, accounts or private addresses)"


def _names(source: Mapping[str, Any], *, everywhere: bool) -> bool:
    """Return whether a source names some pods of the cluster, in its own namespace or by what they must have."""
    selector, namespaces = source.get("selector"), source.get("namespaceSelector")
    if selector and not namespaces and not everywhere and "global()" not in str(selector):
        return True
    accounts = source.get("serviceAccounts")
    by_account: Mapping[str, Any] = accounts if isinstance(accounts, Mapping) else {}
    return (
        bool(by_account.get("names") or source.get("services"))
        or restricts(parse(selector), _OF_PODS)
        or restricts(parse(namespaces), _OF_NAMESPACES)
        or restricts(parse(by_account.get("selector")))
    )
