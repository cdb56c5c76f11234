"""Rights of a Kubernetes role by meaning: what a rule gives beyond named things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.kinds import BUILT_IN_GROUPS
from policy.lists import items_of, listed
from policy.role_dangers import DANGERS, RBAC, READ
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

# Names that are wider than a thing.
_RULING = {"admin", "cluster-admin", "edit", "kubeadm:cluster-admins", "kubernetes-admin", "system:masters"}
# Names of groups that give no rights of their own.
_PLAIN_GROUPS = ("system:authenticated", "system:serviceaccount:", "system:serviceaccounts")
# Accounts and groups of the control plane's own namespace.
_OF_THE_SYSTEM = ("system:serviceaccount:kube-", "system:serviceaccounts:kube-")
# Controllers of Kubernetes whose accounts start pods, read Secrets or give rights on.
_CONTROLLERS = {
    *("clusterrole-aggregation", "cronjob", "daemon-set", "deployment", "job", "namespace", "node", "replicaset", "replication"),
    *("resourcequota", "root-ca-cert-publisher", "service-account", "statefulset"),
}
_COLLECTORS = {"generic-garbage-collector", "horizontal-pod-autoscaler", "persistent-volume-binder"}
_IDENTITIES = {"*", "clusterroles", "roles", "users", "groups", "serviceaccounts"}
_ESCALATE = "change a role to any rights"
_BIND = "name the objects in resourceNames, or bind the role to the named service account of its controller in another namespace"
_NAME = "name the objects in resourceNames, or bind the role in the namespaces that need it"


# Resources of one controller's own records, for which all verbs are no more than the usual ones.
_RECORDS = {"leases", "events"}
# Groups whose objects are measurements, which an adapter of metrics serves and nobody can change.
_MEASUREMENTS = {"custom.metrics.k8s.io", "external.metrics.k8s.io", "metrics.k8s.io"}
# Resources, by the start of their names, that a role names if it is that of a controller of nodes or volumes, and seldom another.
_MARKS = (
    "csinode",
    "csistoragecapacit",
    "events",
    "leases",
    "nodeclaims",
    "nodes/status",
    "pods/eviction",
    "storageclasses",
    "volumeattachments",
)
# Subresources that may be named for all kinds at once.
_COUNTS = {"*/finalizers", "*/scale", "*/status"}


def looks_like_a_controller(rules: object) -> bool:
    """Return whether a role has the marks of a controller that provides nodes or volumes."""
    named = (_texts(rule.get("resources")) or () for rule in items_of(rules) if isinstance(rule, Mapping))
    return any(one.startswith(_MARKS) for texts in named for one in texts)


def excess(rule: object, *, of_controller: bool = False) -> tuple[str, str] | None:
    """Return what a rule of a role gives beyond named things, and the cure; None where it gives no more.

    Args:
        rule: The rule.
        of_controller: Whether only a controller of the cluster gets the role.
    """
    if not isinstance(rule, Mapping):
        return _unknown("its rules are")
    parts = {key: _texts(rule.get(key)) for key in ("apiGroups", "resources", "verbs", "nonResourceURLs")}
    for key, texts in parts.items():
        if texts is None:
            return _unknown(f"{key} is")
    groups, resources, verbs, urls = (set(parts[key] or ()) for key in parts)
    names = _names(rule.get("resourceNames"))
    if urls & {"*", "/*"}:
        return "may request every path of the API server", "list the paths, such as /metrics"
    if not resources or not verbs:
        return None
    if groups and groups <= _MEASUREMENTS:
        return None
    return (
        _by_verbs(resources, verbs, names)
        or _by_wildcard(groups, resources, verbs, names)
        or _by_danger(groups, resources, verbs, names, of_controller=of_controller)
    )


def _unknown(said: str) -> tuple[str, str]:
    return f"{said} not known at preview", "set plain values"


def _texts(value: object) -> list[str] | None:
    """Return a list of texts; None where it, or one of it, is unknown."""
    said = listed(value)
    return None if any(isinstance(one, Unknown) for one in said) else [str(one).lower() for one in said]


def _names(value: object) -> list[str | Unknown]:
    """Return the names of objects; an empty name counts as none, since it also fits a request without a name."""
    names = items_of(value)
    return [] if any(one in ("", "*") for one in names) else [one if isinstance(one, Unknown) else str(one) for one in names]


def _by_verbs(resources: set[str], verbs: set[str], names: list[str | Unknown]) -> tuple[str, str] | None:
    """Judge the verbs that give other rights."""
    if "escalate" in verbs:
        return f"may {_ESCALATE}", "remove escalate, and list in the role what its subjects may give on"
    ruling = [one for one in names if isinstance(one, str) and (_is_ruling(one) or ("serviceaccounts" in resources and _is_system(one)))]
    if ruling and verbs & {"*", "bind", "impersonate"} and resources & _IDENTITIES:
        return f"may bind, or act as, {', '.join(ruling)}", "name a narrower role, user or group"
    return None


def _is_ruling(name: str) -> bool:
    if name.startswith(_OF_THE_SYSTEM):
        return True
    return name in _RULING or (name.startswith("system:") and not name.startswith(_PLAIN_GROUPS))


def _is_system(account: str) -> bool:
    """Return whether a service account has the name of a controller of Kubernetes, whose namespace a rule cannot tell."""
    return account in _COLLECTORS or (account.endswith("-controller") and account.removesuffix("-controller") in _CONTROLLERS)


def _by_wildcard(groups: set[str], resources: set[str], verbs: set[str], names: list[str | Unknown]) -> tuple[str, str] | None:
    wild = [one for one in resources if "*" in one and one not in _COUNTS]
    reads_no_secret = verbs <= READ and not groups & {"", "*"} and groups
    if wild and not reads_no_secret:
        return f"may {_shown(verbs)} {', '.join(sorted(wild))} of {_shown(groups) or 'no group'}", "list the resources"
    built_in = "*" in groups or any(group in BUILT_IN_GROUPS for group in groups)
    if "*" in verbs and built_in and not names and resources - _RECORDS:
        return f"has all verbs on {_shown(resources)}", "list the verbs"
    return None


def _by_danger(
    groups: set[str], resources: set[str], verbs: set[str], names: list[str | Unknown], *, of_controller: bool
) -> tuple[str, str] | None:
    if names:
        is_role = "*" in verbs and resources & {"clusterroles", "roles"}
        return (f"may {_ESCALATE}", "list the verbs") if is_role else None
    for danger in DANGERS:
        wide = sorted(resources & danger.resources)
        used = danger.verbs if "*" in verbs else verbs & danger.verbs
        if wide and used and ("*" in groups or groups & danger.groups) and not (of_controller and danger.of_controllers):
            cure = _BIND if danger.of_controllers else _NAME
            return f"may {danger.what} ({_shown(used & verbs or {'*'})} on {', '.join(wide)})", cure
    return None


def _shown(words: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(word or "core" for word in words)[:6])


def aggregated(aggregation: object) -> list[object]:
    """Return the selectors of an aggregation rule."""
    selectors = aggregation.get("clusterRoleSelectors") if isinstance(aggregation, Mapping) else aggregation
    return list(selectors) if isinstance(selectors, (list, tuple)) else [selectors] if selectors else []


def selects_ruling(aggregation: object) -> Iterator[tuple[str, str]]:
    """Yield what an aggregated role gathers beyond roles that it names by a label of its own."""
    for selector in aggregated(aggregation):
        if not isinstance(selector, Mapping) or not _selects_own(selector):
            yield "gathers the rights of every role, or of roles that Kubernetes defines", "select a label of your own roles"
            return


def _selects_own(selector: Mapping[str, Any]) -> bool:
    labels, expressions = selector.get("matchLabels"), selector.get("matchExpressions")
    required = {key for key, value in labels.items() if not isinstance(value, Unknown)} if isinstance(labels, Mapping) else set()
    for one in expressions if isinstance(expressions, (list, tuple)) else ():
        if isinstance(one, Mapping) and one.get("operator") in {"In", "Exists"}:
            required.add(one.get("key"))
    return any(isinstance(key, str) and key not in _AGGREGATED for key in required)


# Labels of the roles behind admin, edit, and of all that Kubernetes defines.
_AGGREGATED = {f"{RBAC}/aggregate-to-admin", f"{RBAC}/aggregate-to-edit", "kubernetes.io/bootstrapping"}
