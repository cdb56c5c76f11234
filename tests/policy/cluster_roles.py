"""Roles of widely used controllers, as their charts declare them: those that pass, and those that really give everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.policy.mutations_roles import binding, role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

# Name of a role: its rules, each with groups, resources, verbs and names; r is get, list and watch.
PASSING = {
    "external-provisioner": """
        core | persistentvolumes | r create patch delete
        core | persistentvolumeclaims | r update
        storage.k8s.io | storageclasses csinodes volumeattachments volumeattributesclasses | r
        core | events | list watch create update patch
        snapshot.storage.k8s.io | volumesnapshots volumesnapshotcontents | get list
        core | nodes | r""",
    "external-attacher": """
        core | persistentvolumes | r patch
        storage.k8s.io | csinodes | r
        storage.k8s.io | volumeattachments | r patch
        storage.k8s.io | volumeattachments/status | patch""",
    "external-resizer": """
        core | persistentvolumes | r patch
        core | persistentvolumeclaims pods | r
        core | persistentvolumeclaims/status | patch
        core | events | list watch create update patch""",
    "external-snapshotter": """
        core | events | list watch create update patch
        snapshot.storage.k8s.io | volumesnapshotclasses | r
        snapshot.storage.k8s.io | volumesnapshotcontents volumesnapshotcontents/status | r update patch""",
    "snapshot-controller": """
        core | persistentvolumes | r
        core | persistentvolumeclaims | r update
        core | events | list watch create update patch
        snapshot.storage.k8s.io | volumesnapshotcontents | r create update delete patch
        snapshot.storage.k8s.io | volumesnapshots volumesnapshots/status | r update patch delete""",
    "ebs-csi-node": """
        core | nodes | get patch
        storage.k8s.io | volumeattachments | r
        storage.k8s.io | csinodes | get""",
    "local-path-provisioner": """
        core | nodes persistentvolumeclaims configmaps pods pods/log | r
        core | persistentvolumes | r create patch update delete
        core | events | create patch
        storage.k8s.io | storageclasses | r""",
    "cluster-autoscaler": """
        core | events endpoints | create patch
        core | pods/eviction | create
        core | pods/status | update
        core | endpoints | get update | cluster-autoscaler
        core | nodes | r create delete update
        core | namespaces pods services replicationcontrollers persistentvolumeclaims persistentvolumes | r
        batch | jobs cronjobs | r
        batch extensions | jobs | r patch
        extensions | replicasets daemonsets | r
        policy | poddisruptionbudgets | watch list
        apps | daemonsets replicasets statefulsets | r
        storage.k8s.io | storageclasses csinodes csidrivers csistoragecapacities volumeattachments | r
        core | configmaps | list watch get
        coordination.k8s.io | leases | create
        coordination.k8s.io | leases | get update | cluster-autoscaler""",
    "karpenter": """
        karpenter.sh | nodepools nodeclaims nodepools/status nodeclaims/status | r create delete update patch
        core | pods nodes persistentvolumes persistentvolumeclaims replicationcontrollers namespaces | r
        storage.k8s.io | storageclasses csinodes volumeattachments | r
        apps | daemonsets deployments replicasets statefulsets | list watch
        policy | poddisruptionbudgets | r
        core | events | create patch
        core | nodes | create patch delete update
        core | pods/eviction | create""",
    "kured": """
        core | nodes | get patch
        core | pods | list delete get
        apps | daemonsets | get
        core | pods/eviction | create""",
    "node-problem-detector": """
        core | nodes | get
        core | nodes/status | patch
        core events.k8s.io | events | create patch update""",
    "node-feature-discovery": """
        core | nodes nodes/status | get patch update list
        nfd.k8s-sigs.io | nodefeatures nodefeaturerules | r
        coordination.k8s.io | leases | create
        coordination.k8s.io | leases | get update | nfd-master.nfd.kubernetes.io""",
    "descheduler": """
        events.k8s.io | events | create update
        core | nodes namespaces | r
        core | pods | r delete
        core | pods/eviction | create
        scheduling.k8s.io | priorityclasses | r
        policy | poddisruptionbudgets | r""",
    "metrics-server": """
        core | nodes/metrics | get
        core | pods nodes namespaces configmaps | r""",
    "external-dns": """
        core | services pods nodes endpoints | r
        discovery.k8s.io | endpointslices | r
        extensions networking.k8s.io | ingresses | r
        gateway.networking.k8s.io | gateways httproutes grpcroutes | r
        externaldns.k8s.io | dnsendpoints | r
        externaldns.k8s.io | dnsendpoints/status | *""",
    "kube-state-metrics without secrets": """
        core | configmaps nodes pods services serviceaccounts resourcequotas limitranges namespaces endpoints | list watch
        core | persistentvolumeclaims persistentvolumes | list watch
        apps | statefulsets daemonsets deployments replicasets | list watch
        batch | cronjobs jobs | list watch
        autoscaling | horizontalpodautoscalers | list watch
        authentication.k8s.io | tokenreviews | create
        authorization.k8s.io | subjectaccessreviews | create
        admissionregistration.k8s.io | mutatingwebhookconfigurations validatingwebhookconfigurations | list watch
        networking.k8s.io | networkpolicies ingressclasses ingresses | list watch
        rbac.authorization.k8s.io | clusterrolebindings clusterroles rolebindings roles | list watch""",
    "prometheus": """
        core | nodes nodes/metrics services endpoints pods | r
        core | configmaps | get
        discovery.k8s.io | endpointslices | r
        networking.k8s.io | ingresses | r""",
    "prometheus-adapter": """
        core | namespaces pods services configmaps | r
        custom.metrics.k8s.io external.metrics.k8s.io | * | *""",
    "aws-load-balancer-controller": """
        elbv2.k8s.aws | targetgroupbindings ingressclassparams | r create delete patch update
        core | nodes namespaces endpoints pods | r
        core | services ingresses | r patch update
        core | events | create patch
        core | pods/status services/status | update patch
        networking.k8s.io extensions | ingresses ingressclasses | r patch update
        networking.k8s.io extensions | ingresses/status | update patch
        discovery.k8s.io | endpointslices | r""",
    "metallb-controller": """
        core | services | r update patch
        core | services/status | update
        core | namespaces | r
        core | events | create patch
        policy | podsecuritypolicies | use | metallb-controller
        admissionregistration.k8s.io | validatingwebhookconfigurations | list watch
        admissionregistration.k8s.io | validatingwebhookconfigurations | r create delete patch update | metallb-webhook-configuration
        apiextensions.k8s.io | customresourcedefinitions | list watch""",
    "coredns": """
        core | endpoints services pods namespaces | list watch
        discovery.k8s.io | endpointslices | list watch""",
    "flannel": """
        core | pods | get
        core | nodes | r
        core | nodes/status | patch""",
    "vertical-pod-autoscaler-recommender": """
        metrics.k8s.io | pods | get list
        core | pods nodes limitranges | r
        core | events | r create
        poc.autoscaling.k8s.io autoscaling.k8s.io | verticalpodautoscalers verticalpodautoscalercheckpoints | r create patch delete
        * | */scale | get watch""",
    "cert-manager-webhook": """
        authorization.k8s.io | subjectaccessreviews | create""",
    "otel-collector": """
        core | events namespaces namespaces/status nodes nodes/spec nodes/stats pods pods/status replicationcontrollers services | r
        apps | daemonsets deployments replicasets statefulsets | r
        batch | jobs cronjobs | r""",
}
# Each reads every Secret, runs any pod, or has every right: with such an account nothing else is left to guard.
REFUSED = {
    "cert-manager-cainjector": """
        core | secrets | r
        admissionregistration.k8s.io | validatingwebhookconfigurations mutatingwebhookconfigurations | r update patch
        apiregistration.k8s.io | apiservices | r update patch""",
    "cert-manager-controller": "core | secrets | r create update delete patch",
    "ingress-nginx": """
        core | configmaps endpoints nodes pods secrets namespaces | list watch
        networking.k8s.io | ingresses/status | update""",
    "kube-state-metrics": "core | configmaps secrets nodes pods | list watch",
    "prometheus-operator": """
        apps | statefulsets | *
        core | configmaps secrets | *""",
    "argocd-application-controller": "* | * | *",
    "argocd-server": "* | * | delete get patch",
    "velero": "* | * | *",
    "sealed-secrets": "core | secrets | r create update delete",
    "external-secrets": "core | secrets | r create update delete patch",
    "reloader": "apps | deployments daemonsets statefulsets | list get update patch",
    "kyverno": "admissionregistration.k8s.io | mutatingwebhookconfigurations | create update patch",
    "csi provisioner with secrets": "core | secrets | get list",
    "tekton": "core | pods pods/log | r create update delete patch",
}


def rules(text: str) -> list[dict[str, Any]]:
    """Return the rules of a role from its lines."""
    made = []
    for line in text.strip().splitlines():
        groups, resources, verbs, *names = ([*part.split()] for part in line.split("|"))
        verbs = [verb for word in verbs for verb in (["get", "list", "watch"] if word == "r" else [word])]
        one = {"apiGroups": ["" if group == "core" else group for group in groups], "resources": resources, "verbs": verbs}
        made.append({**one, "resourceNames": names[0]} if names else one)
    return made


def controllers(table: dict[str, str]) -> Iterator[tuple[str, list[Declared]]]:
    """Yield roles alone, and with the binding that gives them to the account of their controller."""
    for name, text in table.items():
        wide = role("ClusterRole", *rules(text), name=name)
        yield name, [wide]
        yield f"{name}, bound", [wide, binding("ClusterRoleBinding", name, ("ServiceAccount", name))]


def given_to_people(name: str, subject: tuple[str, Any], namespace: Any = "web") -> list[Declared]:
    """Return the role of a controller that is bound to somebody else."""
    bound = binding("ClusterRoleBinding", name, subject)
    for one in bound.inputs["subjects"]:
        if one["kind"] == "ServiceAccount":
            one["namespace"] = namespace
    return [role("ClusterRole", *rules(PASSING[name]), name=name), bound]


def roles(bench: Workbench) -> Iterator[Made]:
    """Yield the roles of controllers beside a stack, bound to their accounts and to others."""
    for rule, table in ((None, PASSING), ("rbac-exact", REFUSED)):
        for name, made in [*controllers(table)][1::2]:
            yield f"controllers: {name}", rule, bench.with_more(*made)
    for name in ("external-provisioner", "cluster-autoscaler", "kured", "karpenter"):
        for subject in (("Group", "data-team"), ("ServiceAccount", "default"), ("User", "jane@example.com")):
            yield f"controllers: {name} for {subject[1]}", "rbac-exact", bench.with_more(*given_to_people(name, subject))
