"""Verbs on resources of Kubernetes that reach everything of their kind, each with what they allow.

The list follows "Role Based Access Control Good Practices" of Kubernetes, section "Privilege escalation risks".
"""

from __future__ import annotations

from dataclasses import dataclass

READ = frozenset({"get", "list", "watch"})
_DELETE = frozenset({"delete", "deletecollection"})
_RUN = frozenset({"create", "update", "patch"})
_WRITE = _RUN | _DELETE
_ANY = READ | _WRITE
_ADMISSION = "admissionregistration.k8s.io"
RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Danger:
    """Verbs on resources that reach everything of their kind.

    Attributes:
        what: What they allow, for messages.
        groups: API groups.
        resources: Resources and subresources.
        verbs: Verbs that are wide without names.
        of_controllers: Whether controllers of the cluster itself need it: those that provide its nodes and volumes.
    """

    what: str
    groups: frozenset[str]
    resources: frozenset[str]
    verbs: frozenset[str]
    of_controllers: bool = False


def _danger(what: str, groups: str, resources: str, verbs: frozenset[str], *, of_controllers: bool = False) -> Danger:
    return Danger(what, frozenset(groups.split(",")), frozenset(resources.split()), verbs, of_controllers)


DANGERS = (
    # no name restricts a create, which reads nothing: controllers that write certificates need it
    _danger("reach every Secret", "", "secrets", _ANY - {"create"}),
    _danger("run pods with the rights of every service account", "", "pods replicationcontrollers podtemplates", _RUN),
    _danger(
        "run pods with the rights of every service account",
        "apps,extensions",
        "daemonsets deployments replicasets statefulsets",
        _WRITE,
    ),
    _danger("run pods with the rights of every service account", "batch", "cronjobs", _RUN),
    # the pods of a Job are described once, when it is created
    _danger("run pods with the rights of every service account", "batch", "jobs", frozenset({"create"})),
    _danger(
        "enter every pod, past every network policy",
        "",
        "nodes/proxy pods/attach pods/ephemeralcontainers pods/exec pods/portforward pods/proxy services/proxy",
        _ANY,
    ),
    _danger("get a token of every service account", "", "serviceaccounts/token", _RUN),
    _danger("bind every role", RBAC, "clusterroles roles", frozenset({"bind"})),
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
    _danger("bind a role in every namespace", RBAC, "clusterrolebindings", _RUN),
    _danger("lead the traffic of every service elsewhere", ",discovery.k8s.io", "endpoints endpointslices", _RUN, of_controllers=True),
    _danger("publish every service", "networking.k8s.io,extensions", "ingresses", frozenset({"create"})),
    _danger("move every pod to another node", "", "nodes", _WRITE, of_controllers=True),
    _danger("mount the disk of a node, or lose a volume", "", "persistentvolumes", _WRITE, of_controllers=True),
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
