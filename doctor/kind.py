"""Kind, and the cluster it makes on a laptop: version, existence, port mappings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.check import Refused, failure, fine, unseen
from checks.machine import port_taken, taken_ports
from checks.tool import ask
from checks.version import parsed, shown
from laptop.kind import OLDEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checks.check import Finding
    from checks.tool import Answer
    from settings.names import PublishedPort

# How Kind names the context of a cluster
PREFIX: Final = "kind-"


def is_kind(context: str) -> bool:
    """Whether a context is one that Kind made."""
    return context.startswith(PREFIX)


def version(answer: Answer | None) -> Finding:
    """Judge what ``kind version`` printed."""
    get = "https://kind.sigs.k8s.io/docs/user/quick-start/#installation, or: go install sigs.k8s.io/kind@latest"
    if answer is None:
        return failure("kind is not on PATH", get)
    found = parsed(answer.out)
    if found is None:
        return failure(f"'kind version' said {answer.last_words!r}", get)
    if found < OLDEST:
        return failure(f"{shown(found)}: network policies are enforced from {shown(OLDEST)} on", get)
    return fine(shown(found))


@dataclass(frozen=True, slots=True)
class Cluster:
    """Kind's cluster.

    Attributes:
        name: Its name.
        ports: Port on 127.0.0.1 to the node's port, or None when there is no such cluster.
    """

    name: str
    ports: Mapping[int, int] | None


def look(context: str) -> Cluster | Refused:
    """Ask Docker for the control plane's container, which carries the port mappings."""
    name = context.removeprefix(PREFIX)
    return read(name, ask("docker", "inspect", "--format", "{{json .HostConfig.PortBindings}}", f"{name}-control-plane"))


def read(name: str, answer: Answer | None) -> Cluster | Refused:
    """The cluster from what ``docker inspect`` printed."""
    if answer is None:
        return Refused("docker is not on PATH", "")
    if answer.code != 0:
        if "no such" in answer.err.lower():
            return Cluster(name, None)
        return Refused(f"Docker does not answer ({answer.last_words})", "")
    bindings = json.loads(answer.out) or {}
    return Cluster(
        name,
        {
            int(binding["HostPort"]): int(inside.partition("/")[0])
            for inside, bound in bindings.items()
            for binding in bound or ()
            if binding.get("HostPort")
        },
    )


def exists(cluster: Cluster) -> Finding:
    """That the cluster has been made."""
    if cluster.ports is None:
        return failure(f"Kind has no cluster {cluster.name!r}", "make cluster")
    return fine(f"{cluster.name}")


@dataclass(frozen=True, slots=True)
class Ports:
    """The published ports as they are now.

    Attributes:
        wanted: What the stack publishes.
        taken: Those host ports on which somebody listens.
        cluster: Whose mappings hold them, where it is there.
    """

    wanted: Sequence[PublishedPort]
    taken: frozenset[int]
    cluster: Cluster | Refused


def look_at_ports(wanted: Sequence[PublishedPort], cluster: Cluster | Refused) -> Ports:
    """Try each host port."""
    return Ports(wanted, taken_ports(port.host for port in wanted), cluster)


def ports(seen: Ports, stack: str) -> Finding:
    """Whether each port is free for a cluster to come, or held by the right mapping of the one that is there.

    Args:
        seen: The ports.
        stack: Name of the stack, for the cure.
    """
    numbers = ", ".join(str(port.host) for port in seen.wanted)
    if isinstance(seen.cluster, Refused) and seen.taken:
        held = ", ".join(map(str, sorted(seen.taken)))
        return unseen(f"{held} in use; without Docker nobody can tell whether by the cluster's own mapping")
    mapped = None if isinstance(seen.cluster, Refused) else seen.cluster.ports
    if mapped is None:
        others = [port_taken(port.host, stack) for port in seen.wanted if port.host in seen.taken]
        if others:
            return failure("; ".join(other.found for other in others), "\n".join(other.cure for other in others))
        return fine(f"{numbers} are free on 127.0.0.1")
    wrong = [port for port in seen.wanted if mapped.get(port.host) != port.node]
    if wrong:
        found = "; ".join(f"port {port.host} of this machine does not lead to node port {port.node}" for port in wrong)
        return failure(
            f"the cluster's mappings are fixed when it is made, and {found}",
            "write the ports into laptop/kind.yaml, then: make cluster-down cluster (its volumes are lost)",
        )
    return fine(f"{numbers} are held by the cluster's own mappings")
