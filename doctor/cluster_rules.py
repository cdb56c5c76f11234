"""What a cluster must offer: judgements over what was seen of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from capacity.quantity import MIB, whole_mib
from checks.check import failure, fine, warning
from checks.version import parsed, shown
from doctor.kind import is_kind
from settings.names import BROKERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checks.check import Finding
    from checks.tool import Answer
    from doctor.facts import Cluster, ClusterRequirements
    from settings.cluster import ClusterSettings

# The first Kubernetes that does not drop ``minDomains``, by which three zones are asked for, and ``persistentVolumeClaimRetentionPolicy``.
# Both are on by default since 1.27 (https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/); the label for
# restricted pods, a beta before, is obeyed since 1.25.
OLDEST: Final = (1, 27)

# DaemonSets of network plug-ins that enforce network policies as they come
_ENFORCING: Final = ("calico-node", "canal", "cilium", "anetd", "antrea-agent", "weave-net", "kube-router", "ovnkube-node", "azure-npm")

# Date in the tag of the first kindnetd that enforces them: that of Kind 0.24
_KINDNET_SINCE: Final = 20240813

# Registry part of images that are built here and pulled from nowhere
_LOCAL: Final = "localhost/"


def answers(cluster: Cluster) -> Finding:
    """That it answers, and is new enough."""
    found = parsed(cluster.version)
    if found is None or found < OLDEST:
        return failure(f"{cluster.version} at {cluster.server} is older than {shown(OLDEST)}", "upgrade the cluster, or use another")
    return fine(f"{cluster.version} at {cluster.server}")


def nodes(cluster: Cluster, context: str) -> Finding:
    """Whether nodes are ready to take pods."""
    look = f"kubectl --context {context} describe node"
    waiting = [node.name for node in cluster.nodes if not node.ready]
    if len(waiting) == len(cluster.nodes):
        return failure("no node is Ready", look)
    if waiting:
        return (failure if is_kind(context) else warning)(f"not Ready: {', '.join(waiting)}", f"{look} {waiting[0]}")
    return fine(f"{len(cluster.nodes)} Ready, {sum(node.schedulable for node in cluster.nodes)} of them for pods")


def memory(cluster: Cluster, budget_mib: int, largest_mib: int) -> Finding:
    """Whether the pipeline's pods fit on the nodes when nothing else is there.

    Args:
        cluster: The cluster.
        budget_mib: All pods together.
        largest_mib: The largest container.
    """
    sizes = [node.memory for node in cluster.nodes if node.schedulable and node.ready]
    total = whole_mib(sum(sizes))
    if total < budget_mib:
        return failure(
            f"the nodes have {total} MiB for pods and the budget is {budget_mib}", "add or enlarge a node, or lower budget.memoryMib"
        )
    if max(sizes) < largest_mib * MIB:
        return failure(f"the largest pod takes {largest_mib} MiB and no node has as much", "use larger nodes")
    return fine(f"{total} MiB for pods, the budget is {budget_mib}")


def zones(cluster: Cluster) -> Finding:
    """Whether three brokers can stand in three zones."""
    found = sorted({node.zone for node in cluster.nodes if node.schedulable and node.zone})
    if len(found) < BROKERS:
        told = ", ".join(found) or "none"
        return failure(
            f"cluster.spread is zones and pods can be in {told} only", "add nodes in other zones, or set cluster.spread to nodes"
        )
    return fine(", ".join(found))


def namespace(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Whether the namespace is there exactly when somebody else makes it."""
    name, existing = place.namespace, place.settings.existing_namespace
    if existing and not cluster.has_namespace:
        restricted = f"kubectl --context {place.settings.context} label namespace {name} pod-security.kubernetes.io/enforce=restricted"
        return failure(f"there is no namespace {name}", f"kubectl --context {place.settings.context} create namespace {name}\n{restricted}")
    if not existing and cluster.has_namespace:
        return warning(
            f"{name} is there: right if this stack has made it",
            f"otherwise set another names.namespace in Pulumi.{place.stack}.yaml, or cluster.existingNamespace",
        )
    return fine(f"{name} is there" if existing else f"{name} is free")


def secrets(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Whether the Secrets that the stack refers to are there with the keys that the worker reads."""
    wrong, cures = [], []
    for name, keys in place.secrets.items():
        missing = sorted(keys - cluster.secrets.get(name, frozenset()))
        if missing:
            wrong.append(f"Secret {name} has no {', '.join(missing)}" if name in cluster.secrets else f"there is no Secret {name}")
            files = " ".join(f"--from-file={key}=<file>" for key in sorted(keys))
            cures.append(f"kubectl --context {place.settings.context} --namespace {place.namespace} create secret generic {name} {files}")
    if wrong:
        return failure("; ".join(wrong), "\n".join(cures))
    return fine(f"{', '.join(place.secrets)}: there with every key")


def named_class(cluster: Cluster, name: str, *, keep: bool) -> Finding:
    """Whether a storage class that the stack names is there, and keeps volumes where the stack is told to.

    Args:
        cluster: The cluster.
        name: The class.
        keep: Whether volumes must outlive their claims.
    """
    if name not in cluster.provisioners:
        return failure(
            f"there is no storage class {name}; there are: {', '.join(sorted(cluster.provisioners)) or 'none'}", "make it, or name another"
        )
    if keep and cluster.reclaims[name] == "Delete":
        return warning(
            f"volumes of {name} go with their claims (reclaimPolicy Delete), and cluster.keepVolumes is true",
            "name a class with reclaimPolicy Retain, or set cluster.keepVolumes to false",
        )
    return fine(f"{name}, by {cluster.provisioners[name]}")


def storage(cluster: Cluster, settings: ClusterSettings, stack: str) -> Finding:
    """Whether something there makes the volumes that the program's storage classes ask for."""
    provisioner = settings.provisioner
    classes = sorted(name for name, maker in cluster.provisioners.items() if maker == provisioner)
    if classes or provisioner in cluster.drivers:
        return fine(f"{provisioner} makes volumes there" + (f" (class {', '.join(classes)})" if classes else ""))
    others = sorted({*cluster.provisioners.values(), *cluster.drivers})
    cure = f"set cluster.provisioner in Pulumi.{stack}.yaml, or install {provisioner} in the cluster"
    if others:
        return failure(f"nothing in the cluster is known to make volumes as {provisioner!r}; there are: {', '.join(others)}", cure)
    return warning(f"no storage class or driver shows whether {provisioner!r} makes volumes there", cure)


def rights(cluster: Cluster, context: str, unneeded: frozenset[str] = frozenset()) -> Finding:
    """Whether these credentials may make what the program declares.

    Args:
        cluster: The cluster.
        context: Its context, for the cure.
        unneeded: What this stack makes none of.
    """
    denied = [resource for resource in cluster.denied if resource not in unneeded]
    if denied:
        return failure(
            f"these credentials may not create: {', '.join(denied)}",
            f"kubectl --context {context} auth can-i create {denied[0]}, then ask whoever administers the cluster",
        )
    return fine("may create everything that the program declares")


def network_policies(cluster: Cluster, context: str) -> Finding:
    """Whether the network plug-in is known to enforce network policies; without, the rules are there and change nothing."""
    enforcing = [name for name in cluster.daemons if name in _ENFORCING]
    if enforcing:
        return fine(f"{', '.join(enforcing)} enforces them")
    if "kindnet" in cluster.daemons:
        dated = re.search(r":v(\d{8})", cluster.daemons["kindnet"])
        if dated and int(dated[1]) < _KINDNET_SINCE:
            return warning(
                "this cluster was made by a Kind before 0.24, which ignores them", "make cluster-down cluster, with a newer Kind"
            )
        return fine("kindnet enforces them")
    if "aws-node" in cluster.daemons:
        return warning(
            "the VPC plug-in enforces them only when told to",
            'aws eks update-addon --cluster-name <name> --addon-name vpc-cni --configuration-values \'{"enableNetworkPolicy": "true"}\'',
        )
    running = ", ".join(sorted(cluster.daemons)) or "none"
    return warning(
        f"no network plug-in that is known to enforce them (DaemonSets: {running})",
        f"try it: kubectl --context {context} get daemonsets --all-namespaces; without enforcement every pod may talk to every other",
    )


def kubectl(answer: Answer | None) -> Finding:
    """Whether the commands that outputs and cures name can be typed.

    Args:
        answer: What ``kubectl version --client`` printed.
    """
    found = parsed(answer.out) if answer else None
    if found is None:
        return warning("kubectl is not on PATH; 'up' does without, people do not", "https://kubernetes.io/docs/tasks/tools/")
    return fine(shown(found))


def images(cluster: Cluster, wanted: Sequence[str], cure: str) -> Finding:
    """Whether images that come from no registry are on every node that may need them.

    Args:
        cluster: The cluster.
        wanted: The stack's images.
        cure: What brings them there.
    """
    local = [image for image in wanted if image.startswith(_LOCAL)]
    if not local:
        return fine(f"{len(wanted)} are pulled by the cluster")
    absent = [image for image in local if any(image not in node.images for node in cluster.nodes if node.schedulable)]
    if absent:
        return failure(f"not on every node: {', '.join(absent)}", cure)
    return fine(f"{len(local)} are on every node")
