"""Roles and bindings of Kubernetes that give more than named things; and everyday ones of operators and dashboards."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

RBAC = "rbac.authorization.k8s.io"
READ = ["get", "list", "watch"]
RUN = ["create", "update", "patch"]


def rule(groups: Any, resources: Any, verbs: Any, *names: Any) -> dict[str, Any]:
    """Return a rule of a role."""
    made = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    return {**made, "resourceNames": list(names)} if names else made


def _wide() -> Iterator[dict[str, Any]]:
    for groups in (["*"], [""], ["", "apps"]):
        yield rule(groups, ["*"], ["*"])
        yield rule(groups, ["*"], READ)
        yield rule(groups, ["*"], ["get"])
        yield rule(groups, ["*/*"], ["get"])
    for group, resource in (("apps", "deployments"), ("", "configmaps"), ("", "services"), ("batch", "jobs"), (RBAC, "rolebindings")):
        yield rule([group], [resource], ["*"])
        yield rule([group], ["*"], ["*"])
        yield rule([group], ["*"], RUN)
    for verb, names in itertools.product(("get", "list", "watch", "create", "delete", "patch", "*"), ((), ("",), ("*",))):
        # no name restricts a create, and it reads nothing
        yield rule([""], ["secrets"], ["list" if verb == "create" else verb], *names)
        yield rule(["*"], ["pods", "secrets"], ["watch", verb], *names)
    for verb in RUN:
        yield rule([""], ["pods"], [verb])
        yield rule([""], ["replicationcontrollers"], ["get", verb])
        yield rule(["batch"], ["cronjobs", "jobs"], [verb])
        yield rule(["batch"], ["jobs"], ["create", verb])
        for kind in ("deployments", "statefulsets", "daemonsets", "replicasets"):
            yield rule(["apps"], [kind], [*READ, verb])
    for part in ("exec", "attach", "portforward", "ephemeralcontainers", "proxy"):
        for verb in ("create", "get", "*"):
            yield rule([""], ["pods", f"pods/{part}"], [verb])
    yield rule([""], ["nodes/proxy"], ["get"])
    yield rule([""], ["services/proxy"], ["get", "create"])
    yield rule([""], ["serviceaccounts/token"], ["create"])
    for kind in ("roles", "clusterroles"):
        yield rule([RBAC], [kind], ["escalate"])
        yield rule([RBAC], [kind], [*READ, "bind"])
        yield rule([RBAC], [kind], ["escalate"], "reader")
        yield rule([RBAC], [kind], ["*"], "reader")
        yield rule([RBAC], [kind], ["bind"], "cluster-admin")
    for kind in ("users", "groups", "serviceaccounts"):
        yield rule([""], [kind], ["impersonate"])
    yield rule([""], ["groups"], ["impersonate"], "system:masters")
    yield rule(["authentication.k8s.io"], ["uids"], ["impersonate"])
    yield rule(["certificates.k8s.io"], ["signers"], ["approve"])
    yield rule(["admissionregistration.k8s.io"], ["mutatingwebhookconfigurations"], ["patch"])
    yield rule(["networking.k8s.io"], ["networkpolicies"], ["create"])
    yield rule([""], ["resourcequotas"], ["patch"])
    yield rule([""], ["namespaces"], ["update"])
    yield rule([""], ["persistentvolumeclaims"], ["deletecollection"])
    yield from _wide_everywhere()
    yield {"nonResourceURLs": ["*"], "verbs": ["get"]}
    yield rule(UNKNOWN, ["pods"], ["get"])
    yield rule([""], [UNKNOWN], ["get"])
    yield rule([""], ["pods"], UNKNOWN)


def _wide_everywhere() -> Iterator[dict[str, Any]]:
    admission = "admissionregistration.k8s.io"
    for group, kind, verbs in (
        ("", "persistentvolumes", ["create", "patch", "delete"]),
        (admission, "validatingwebhookconfigurations", [*RUN, "delete"]),
        (admission, "mutatingadmissionpolicies", RUN),
        (admission, "mutatingadmissionpolicybindings", RUN),
        ("apiregistration.k8s.io", "apiservices", RUN),
        ("", "endpoints", RUN),
        ("discovery.k8s.io", "endpointslices", RUN),
        ("networking.k8s.io", "ingresses", ["create"]),
        ("cilium.io", "ciliumnetworkpolicies", RUN),
        ("cilium.io", "ciliumclusterwidenetworkpolicies", ["delete"]),
        ("projectcalico.org", "globalnetworkpolicies", RUN),
        ("policy", "poddisruptionbudgets", ["delete", "patch"]),
        ("", "namespaces/finalize", ["update"]),
        (RBAC, "clusterrolebindings", RUN),
        ("", "nodes", ["patch"]),
    ):
        for verb in verbs:
            yield rule([group], [kind], [*READ, verb])
    for kind, name in (
        ("users", "system:serviceaccount:kube-system:clusterrole-aggregation-controller"),
        ("groups", "system:serviceaccounts:kube-system"),
        ("users", "system:kube-controller-manager"),
        ("serviceaccounts", "clusterrole-aggregation-controller"),
        ("serviceaccounts", "generic-garbage-collector"),
    ):
        yield rule([""], [kind], ["impersonate"], name)


def _operators() -> Iterator[dict[str, Any]]:
    """Yield rules of operators that stand in every cluster: an ingress controller, external-dns, cert-manager, a load balancer."""
    yield rule(["networking.k8s.io"], ["ingresses", "ingressclasses"], READ)
    yield rule(["networking.k8s.io", "extensions"], ["ingresses"], [*READ, "update", "patch"])
    yield rule(["networking.k8s.io"], ["ingresses/finalizers"], ["update"])
    yield rule([""], ["services/status", "pods/status"], ["update", "patch"])
    yield rule([""], ["endpoints"], ["get", "update"], "cluster-autoscaler")
    yield rule(["gateway.networking.k8s.io"], ["gateways", "httproutes"], READ)
    yield rule(["gateway.networking.k8s.io"], ["httproutes/finalizers"], ["update"])
    yield rule(["admissionregistration.k8s.io"], ["validatingwebhookconfigurations"], READ)
    yield rule(["admissionregistration.k8s.io"], ["validatingwebhookconfigurations"], ["get", "update"], "own-webhook")
    yield rule(["apiregistration.k8s.io"], ["apiservices"], READ)
    yield rule(["cilium.io"], ["ciliumnetworkpolicies", "ciliumendpoints"], READ)
    yield rule([RBAC], ["clusterrolebindings"], READ)
    yield rule([""], ["serviceaccounts"], ["impersonate"], "reporting")
    yield rule([""], ["users"], ["impersonate"], "system:serviceaccount:web:reporting")
    yield rule([""], ["groups"], ["impersonate"], "system:authenticated")


def _exact() -> Iterator[dict[str, Any]]:
    for kinds in (
        ["pods"],
        ["pods", "pods/log", "services", "endpoints", "nodes", "namespaces"],
        ["configmaps"],
        ["events"],
        ["persistentvolumeclaims", "persistentvolumes"],
        ["nodes", "nodes/metrics"],
        ["serviceaccounts", "resourcequotas", "limitranges"],
    ):
        yield rule([""], kinds, READ)
    yield rule(["apps"], ["deployments", "statefulsets", "daemonsets", "replicasets"], READ)
    yield rule(["apps", "batch"], ["*"], READ)
    yield rule(["*"], ["deployments"], READ)
    yield rule(["metrics.k8s.io"], ["pods", "nodes"], ["get", "list"])
    yield rule(["metrics.k8s.io"], ["*"], ["get"])
    yield rule(["networking.k8s.io"], ["ingresses", "networkpolicies"], READ)
    yield rule(["networking.k8s.io"], ["ingresses/status"], ["update", "patch"])
    yield rule(["discovery.k8s.io"], ["endpointslices"], READ)
    yield rule(["storage.k8s.io"], ["storageclasses", "volumeattachments"], READ)
    yield rule([RBAC], ["roles", "rolebindings", "clusterroles"], READ)
    yield rule([RBAC], ["rolebindings"], [*READ, *RUN, "delete"])
    yield rule([RBAC], ["clusterroles"], ["bind"], "archive-reader")
    # election of a leader, by all usual ways
    yield rule(["coordination.k8s.io"], ["leases"], [*READ, *RUN, "delete"])
    yield rule(["coordination.k8s.io"], ["leases"], ["*"])
    yield rule([""], ["configmaps"], [*READ, *RUN])
    yield rule([""], ["events"], ["create", "patch"])
    # one named thing
    yield rule([""], ["secrets"], ["get"], "archive-login")
    yield rule([""], ["secrets"], ["create"])
    yield rule([""], ["secrets", "configmaps", "events"], ["create"])
    yield rule([""], ["secrets"], ["get", "update", "patch", "delete"], "a", "b")
    yield rule([""], ["secrets"], READ, UNKNOWN)
    yield rule(["apps"], ["deployments"], ["get", "patch"], "connect")
    yield rule([""], ["services/proxy"], ["get"], "dashboard-metrics-scraper")
    yield rule([""], ["pods/exec"], ["create"], "tool-0")
    yield rule([""], ["serviceaccounts/token"], ["create"], "vault")
    yield rule(["certificates.k8s.io"], ["signers"], ["approve"], "issuers.cert-manager.io/*")
    yield rule([""], ["users"], ["impersonate"], "reporting")
    # autoscalers, drains, and an operator's own kinds
    yield rule(["apps"], ["deployments/scale", "statefulsets/scale"], ["get", "update", "patch"])
    yield rule(["*"], ["*/scale"], ["get", "update", "patch"])
    yield rule([""], ["pods/eviction"], ["create"])
    yield rule([""], ["pods"], [*READ, "delete"])
    yield rule([""], ["services", "serviceaccounts"], [*READ, *RUN, "delete"])
    yield rule(["monitoring.coreos.com"], ["prometheuses", "servicemonitors"], ["*"])
    yield rule(["cert-manager.io"], ["certificates", "certificates/status"], [*READ, *RUN, "delete"])
    yield rule(["authentication.k8s.io"], ["tokenreviews"], ["create"])
    yield rule(["authorization.k8s.io"], ["subjectaccessreviews"], ["create"])
    yield rule(["policy"], ["poddisruptionbudgets"], READ)
    yield from _operators()
    yield {"nonResourceURLs": ["/metrics", "/healthz/*"], "verbs": ["get"]}


WIDE, EXACT = tuple(_wide()), tuple(_exact())
EVERYBODY = (
    *(("Group", name) for name in ("system:authenticated", "system:unauthenticated", "system:serviceaccounts")),
    ("Group", "system:serviceaccounts:web"),
    ("User", "system:anonymous"),
    ("Group", UNKNOWN),
)
SUBJECTS = (("ServiceAccount", "dashboard"), ("Group", "data-team"), ("User", "jane@example.com"), ("ServiceAccount", UNKNOWN))
RULING = ("cluster-admin", "admin", "edit", "system:node", "system:controller:generic-garbage-collector", UNKNOWN)


def role(kind: str, *rules: Any, namespace: Any = NAMESPACE, name: str = "reader", **more: Any) -> Declared:
    """Return a role, a patch of one, or a list of one."""
    metadata = {"name": name, **({} if kind.startswith("Cluster") else {"namespace": namespace})}
    one = {"metadata": metadata, "rules": list(rules), **more}
    return _declared(kind, name, {"items": [one]} if kind.endswith("List") else one)


def binding(kind: str, of: Any, *subjects: tuple[str, Any], namespace: Any = NAMESPACE, of_kind: str = "ClusterRole") -> Declared:
    """Return a binding, a patch of one, or a list of one."""
    metadata = {"name": "readers", **({} if kind.startswith("Cluster") else {"namespace": namespace})}
    named = [{"kind": one, "name": name, **({"namespace": "web"} if one == "ServiceAccount" else {})} for one, name in subjects]
    one = {"metadata": metadata, "roleRef": {"apiGroup": RBAC, "kind": of_kind, "name": of}, "subjects": named}
    return _declared(kind, "readers", {"items": [one]} if kind.endswith("List") else one)


def _declared(kind: str, name: str, inputs: dict[str, Any]) -> Declared:
    return Declared(urn=f"urn::{kind}::{name}", type=f"kubernetes:{RBAC}/v1:{kind}", name=name, inputs=inputs)


def roles(bench: Workbench) -> Iterator[Made]:
    """Yield roles and bindings beside a stack, harmful ones and everyday ones."""
    for kind in ("Role", "ClusterRole"):
        for at, one in enumerate(WIDE[::6]):
            yield f"roles: a wide {kind} {at}", "rbac-exact", bench.with_more(role(kind, one))
        yield f"roles: an exact {kind}", None, bench.with_more(role(kind, *EXACT))
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        yield f"roles: a {kind} of cluster-admin", "rbac-exact", bench.with_more(binding(kind, "cluster-admin", SUBJECTS[0]))
        yield f"roles: a {kind} for everybody", "rbac-exact", bench.with_more(binding(kind, "view", EVERYBODY[0]))
        yield f"roles: a {kind} of view", None, bench.with_more(binding(kind, "view", *SUBJECTS))
    yield "roles: a wide Role of others", None, bench.with_more(role("Role", *WIDE, namespace="web"))
