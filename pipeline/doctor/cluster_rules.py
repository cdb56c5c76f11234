"""Judgements of a cluster: does it offer what the stack needs?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, warning
from pipeline.checks.version import parsed, shown
from pipeline.doctor.kind import is_kind
from stack.capacity.quantity import MIB, whole_mib
from stack.settings.names import BROKERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.checks.check import Finding
    from pipeline.checks.tool import Answer
    from pipeline.doctor.facts import Cluster, ClusterRequirements
    from stack.settings.cluster import ClusterSettings

# The first Kubernetes that keeps ``minDomains`` (the request for three zones) and ``persistentVolumeClaimRetentionPolicy``: both are on by
# default since 1.27 (https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/). The label for restricted pods is
# obeyed since 1.25.
OLDEST: Final = (1, 27)

# DaemonSets of network plug-ins that enforce network policies by default
_ENFORCING: Final = ("calico-node", "canal", "cilium", "anetd", "antrea-agent", "weave-net", "kube-router", "ovnkube-node", "azure-npm")

# Date in the tag of the first kindnetd that enforces network policies, the one of Kind 0.24
_KINDNET_SINCE: Final = 20240813

# Registry part of images that are built locally and never pulled
_LOCAL: Final = "localhost/"


def answers(cluster: Cluster) -> Finding:
    """Check whether the cluster is new enough."""
    version = parsed(cluster.version)
    if version is None or version < OLDEST:
        return failure(f"{cluster.version} at {cluster.server} is older than {shown(OLDEST)}", "upgrade the cluster, or use another")
    return fine(f"{cluster.version} at {cluster.server}")


def nodes(cluster: Cluster, context: str) -> Finding:
    """Check whether nodes are ready for pods."""
    look = f"kubectl --context {context} describe node"
    waiting = [node.name for node in cluster.nodes if not node.ready]
    if len(waiting) == len(cluster.nodes):
        return failure("no node is Ready", look)
    if waiting:
        return (failure if is_kind(context) else warning)(f"not Ready: {', '.join(waiting)}", f"{look} {waiting[0]}")
    return fine(f"{len(cluster.nodes)} Ready, {sum(node.schedulable for node in cluster.nodes)} of them schedulable")


def memory(cluster: Cluster, budget_mib: int, largest_mib: int) -> Finding:
    """Check whether the pipeline's pods fit on nodes that run nothing else.

    Args:
        cluster: The cluster.
        budget_mib: Memory of all pods together, in MiB.
        largest_mib: Memory of the largest container, in MiB.
    """
    sizes = [node.memory for node in cluster.nodes if node.schedulable and node.ready]
    total = whole_mib(sum(sizes))
    if total < budget_mib:
        return failure(
            f"the nodes have {total} MiB for pods and the budget is {budget_mib}", "add or enlarge a node, or lower budget.memoryMib"
        )
    if max(sizes) < largest_mib * MIB:
        return failure(f"the largest pod needs {largest_mib} MiB and no node has that much", "use larger nodes")
    return fine(f"{total} MiB for pods, the budget is {budget_mib}")


def zones(cluster: Cluster) -> Finding:
    """Check whether the nodes span three zones, one for each broker."""
    available = sorted({node.zone for node in cluster.nodes if node.schedulable and node.zone})
    if len(available) < BROKERS:
        return failure(
            f"cluster.spread is zones and pods can run only in: {', '.join(available) or 'none'}",
            "add nodes in other zones, or set cluster.spread to nodes",
        )
    return fine(", ".join(available))


def namespace(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check that the namespace exists exactly when ``cluster.existingNamespace`` says so."""
    name, existing = place.namespace, place.settings.existing_namespace
    if existing and not cluster.has_namespace:
        restricted = f"kubectl --context {place.settings.context} label namespace {name} pod-security.kubernetes.io/enforce=restricted"
        return failure(
            f"the namespace {name} does not exist", f"kubectl --context {place.settings.context} create namespace {name}\n{restricted}"
        )
    if not existing and cluster.has_namespace:
        return warning(
            f"{name} exists: correct if this stack created it",
            f"otherwise set another names.namespace in Pulumi.{place.stack}.yaml, or cluster.existingNamespace",
        )
    return fine(f"{name} exists" if existing else f"{name} is free")


def secrets(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check whether the Secrets that the stack refers to exist, with the keys that the worker reads."""
    wrong, cures = [], []
    for name, keys in place.secrets.items():
        missing = sorted(keys - cluster.secrets.get(name, frozenset()))
        if missing:
            wrong.append(f"Secret {name} has no {', '.join(missing)}" if name in cluster.secrets else f"Secret {name} does not exist")
            files = " ".join(f"--from-file={key}=<file>" for key in sorted(keys))
            cures.append(f"kubectl --context {place.settings.context} --namespace {place.namespace} create secret generic {name} {files}")
    if wrong:
        return failure("; ".join(wrong), "\n".join(cures))
    return fine(f"{', '.join(place.secrets)}: every key exists")


def named_class(cluster: Cluster, name: str, *, keep: bool) -> Finding:
    """Check whether a storage class named by the stack exists, and retains volumes if the stack requires it.

    Args:
        cluster: The cluster.
        name: Name of the class.
        keep: True if volumes must outlive their claims.
    """
    if name not in cluster.provisioners:
        return failure(
            f"the storage class {name} does not exist; existing: {', '.join(sorted(cluster.provisioners)) or 'none'}",
            "create it, or name another",
        )
    if keep and cluster.reclaims[name] == "Delete":
        return warning(
            f"volumes of {name} are deleted with their claims (reclaimPolicy Delete), and cluster.keepVolumes is true",
            "name a class with reclaimPolicy Retain, or set cluster.keepVolumes to false",
        )
    return fine(f"{name}, by {cluster.provisioners[name]}")


def storage(cluster: Cluster, settings: ClusterSettings, stack: str) -> Finding:
    """Check whether the cluster has the provisioner of the program's storage classes."""
    provisioner = settings.provisioner
    classes = sorted(name for name, maker in cluster.provisioners.items() if maker == provisioner)
    if classes or provisioner in cluster.drivers:
        return fine(f"{provisioner} provisions volumes" + (f" (class {', '.join(classes)})" if classes else ""))
    others = sorted({*cluster.provisioners.values(), *cluster.drivers})
    cure = f"set cluster.provisioner in Pulumi.{stack}.yaml, or install {provisioner} in the cluster"
    if others:
        return failure(f"the cluster has no known provisioner {provisioner!r}; existing: {', '.join(others)}", cure)
    return warning(f"no storage class or driver shows whether {provisioner!r} provisions volumes in this cluster", cure)


def rights(cluster: Cluster, context: str, unneeded: frozenset[str] = frozenset()) -> Finding:
    """Check whether these credentials may create what the program declares.

    Args:
        cluster: The cluster.
        context: Context of the cluster, for the cure.
        unneeded: Resource types that this stack does not create.
    """
    denied = [resource for resource in cluster.denied if resource not in unneeded]
    if denied:
        return failure(
            f"these credentials may not create: {', '.join(denied)}",
            f"kubectl --context {context} auth can-i create {denied[0]}, then ask the cluster's administrator",
        )
    return fine("may create everything that the program declares")


def network_policies(cluster: Cluster, context: str) -> Finding:
    """Check whether the network plug-in is known to enforce network policies; otherwise they exist without effect."""
    enforcing = [name for name in cluster.daemons if name in _ENFORCING]
    if enforcing:
        return fine(f"{', '.join(enforcing)} enforces them")
    if "kindnet" in cluster.daemons:
        dated = re.search(r":v(\d{8})", cluster.daemons["kindnet"])
        if dated and int(dated[1]) < _KINDNET_SINCE:
            return warning(
                "a Kind before 0.24 created this cluster and ignores network policies", "make cluster-down cluster, with a newer Kind"
            )
        return fine("kindnet enforces them")
    if "aws-node" in cluster.daemons:
        return warning(
            "the VPC plug-in enforces network policies only if configured to",
            'aws eks update-addon --cluster-name <name> --addon-name vpc-cni --configuration-values \'{"enableNetworkPolicy": "true"}\'',
        )
    running = ", ".join(sorted(cluster.daemons)) or "none"
    return warning(
        f"no network plug-in known to enforce network policies (DaemonSets: {running})",
        f"try it: kubectl --context {context} get daemonsets --all-namespaces; without enforcement every pod may talk to every other",
    )


def kubectl(answer: Answer | None) -> Finding:
    """Check whether kubectl, which outputs and cures use, is installed.

    Args:
        answer: Output of ``kubectl version --client``.
    """
    version = parsed(answer.out) if answer else None
    if version is None:
        return warning(
            "kubectl is not on PATH; 'up' does not need it, the commands in outputs and cures do", "https://kubernetes.io/docs/tasks/tools/"
        )
    return fine(shown(version))


def images(cluster: Cluster, wanted: Sequence[str], cure: str) -> Finding:
    """Check whether locally built images are on every schedulable node.

    Args:
        cluster: The cluster.
        wanted: Images of the stack.
        cure: Command that loads them onto the nodes.
    """
    local = [image for image in wanted if image.startswith(_LOCAL)]
    if not local:
        return fine(f"the cluster pulls {len(wanted)} images")
    absent = [image for image in local if any(image not in node.images for node in cluster.nodes if node.schedulable)]
    if absent:
        return failure(f"not on every node: {', '.join(absent)}", cure)
    return fine(f"{len(local)} images are on every node")
