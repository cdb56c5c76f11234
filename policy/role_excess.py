"""Rights of a Kubernetes role by meaning: what a rule gives beyond named things.

The list follows "Role Based Access Control Good Practices" of Kubernetes, section "Privilege escalation risks".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.kinds import BUILT_IN_GROUPS
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ = frozenset({"get", "list", "watch"})
_DELETE = frozenset({"delete", "deletecollection"})
_RUN = frozenset({"create", "update", "patch"})
_WRITE = _RUN | _DELETE
_ANY = _READ | _WRITE
_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
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
_NAME = "name the objects in resourceNames, or bind the role in the namespaces that need it"


@dataclass(frozen=True, slots=True)
class _Danger:
    """Verbs on resources that reach everything of their kind.

    Attributes:
        what: What they allow, for messages.
        groups: API groups.
        resources: Resources and subresources.
        verbs: Verbs that are wide without names.
    """

    what: str
    groups: frozenset[str]
    resources: frozenset[str]
    verbs: frozenset[str]


def _danger(what: str, groups: str, resources: str, verbs: frozenset[str]) -> _Danger:
    return _Danger(what, frozenset(groups.split(",")), frozenset(resources.split()), verbs)


_DANGERS = (
    # no name restricts a create, which reads nothing: controllers that write certificates need it
    _danger("reach every Secret", "", "secrets", _ANY - {"create"}),
    _danger("run pods with the rights of every service account", "", "pods replicationcontrollers podtemplates", _RUN),
    _danger(
        "run pods with the rights of every service account",
        "apps,extensions",
        "daemonsets deployments replicasets statefulsets",
        _WRITE,
    ),
    _danger("run pods with the rights of every service account", "batch", "cronjobs jobs", _RUN),
    _danger(
        "enter every pod, past every network policy",
        "",
        "nodes/proxy pods/attach pods/ephemeralcontainers pods/exec pods/portforward pods/proxy services/proxy",
        _ANY,
    ),
    _danger("get a token of every service account", "", "serviceaccounts/token", _RUN),
    _danger("bind every role", _RBAC, "clusterroles roles", frozenset({"bind"})),
    _danger("act as everybody", "", "groups serviceaccounts users", frozenset({"impersonate"})),
    _danger("act as everybody", "authentication.k8s.io", "uids userextras", frozenset({"impersonate"})),
    _danger("issue certificates for everybody", "certificates.k8s.io", "signers", frozenset({"approve", "sign"})),
    _danger(
        "change every object that is created",
        _ADMISSION,
        "mutatingwebhookconfigurations mutatingadmissionpolicies mutatingadmissionpolicybindings",
        _RUN,
    ),
    _danger("see or stop every request to the API server", _ADMISSION, "validatingwebhookconfigurations", _WRITE),
    _danger("answer in place of the API server", "apiregistration.k8s.io", "apiservices", _RUN),
    _danger("bind a role in every namespace", _RBAC, "clusterrolebindings", _RUN),
    _danger("lead the traffic of every service elsewhere", ",discovery.k8s.io", "endpoints endpointslices", _RUN),
    _danger("publish every service", "networking.k8s.io,extensions", "ingresses", frozenset({"create"})),
    _danger("move every pod to another node", "", "nodes", _WRITE),
    _danger("mount the disk of a node, or lose a volume", "", "persistentvolumes", _WRITE),
    _danger("loosen what guards pods from a drain", "policy", "poddisruptionbudgets", _RUN - {"create"} | _DELETE),
    _danger("loosen what guards namespaces", "", "limitranges resourcequotas", _RUN - {"create"} | _DELETE),
    _danger("loosen what guards namespaces", "", "namespaces namespaces/finalize", _RUN - {"create"} | _DELETE),
    _danger("open every network policy", "networking.k8s.io,extensions", "networkpolicies", _WRITE),
    _danger(
        "open every network policy",
        "cilium.io,crd.projectcalico.org,projectcalico.org,policy.networking.k8s.io",
        "ciliumnetworkpolicies ciliumclusterwidenetworkpolicies networkpolicies globalnetworkpolicies adminnetworkpolicies "
        "baselineadminnetworkpolicies",
        _WRITE,
    ),
    _danger("delete the data of every volume", "", "persistentvolumeclaims", _DELETE),
)
# Resources of one controller's own records, for which all verbs are no more than the usual ones.
_RECORDS = {"leases", "events"}
# Subresources that may be named for all kinds at once.
_COUNTS = {"*/finalizers", "*/scale", "*/status"}


def excess(rule: object) -> tuple[str, str] | None:
    """Return what a rule of a role gives beyond named things, and the cure; None where it gives no more."""
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
    return (
        _by_verbs(resources, verbs, names) or _by_wildcard(groups, resources, verbs, names) or _by_danger(groups, resources, verbs, names)
    )


def _unknown(said: str) -> tuple[str, str]:
    return f"{said} not known at preview", "set plain values"


def _texts(value: object) -> list[str] | None:
    """Return a list of texts; None where it, or one of it, is unknown."""
    listed = list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]
    return None if any(isinstance(one, Unknown) for one in listed) else [str(one).lower() for one in listed]


def _names(value: object) -> list[str | Unknown]:
    """Return the names of objects; an empty name counts as none, since it also fits a request without a name."""
    listed = list(value) if isinstance(value, (list, tuple)) else []
    return [] if any(one in ("", "*") for one in listed) else [one if isinstance(one, Unknown) else str(one) for one in listed]


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
    reads_no_secret = verbs <= _READ and not groups & {"", "*"} and groups
    if wild and not reads_no_secret:
        return f"may {_shown(verbs)} {', '.join(sorted(wild))} of {_shown(groups) or 'no group'}", "list the resources"
    built_in = "*" in groups or any(group in BUILT_IN_GROUPS for group in groups)
    if "*" in verbs and built_in and not names and resources - _RECORDS:
        return f"has all verbs on {_shown(resources)}", "list the verbs"
    return None


def _by_danger(groups: set[str], resources: set[str], verbs: set[str], names: list[str | Unknown]) -> tuple[str, str] | None:
    if names:
        is_role = "*" in verbs and resources & {"clusterroles", "roles"}
        return (f"may {_ESCALATE}", "list the verbs") if is_role else None
    for danger in _DANGERS:
        wide = sorted(resources & danger.resources)
        used = danger.verbs if "*" in verbs else verbs & danger.verbs
        if wide and used and ("*" in groups or groups & danger.groups):
            return f"may {danger.what} ({_shown(used & verbs or {'*'})} on {', '.join(wide)})", _NAME
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
_AGGREGATED = {f"{_RBAC}/aggregate-to-admin", f"{_RBAC}/aggregate-to-edit", "kubernetes.io/bootstrapping"}
