"""Checks of Kind and its cluster on a laptop: version, existence, port mappings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import Refused, failure, fine, unseen
from pipeline.checks.machine import port_taken, taken_ports
from pipeline.checks.tool import ask
from pipeline.checks.version import parsed, shown
from pipeline.laptop.kind import OLDEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.check import Finding
    from pipeline.checks.tool import Answer
    from stack.settings.names import PublishedPort

# Prefix of the context that Kind creates for a cluster
PREFIX: Final = "kind-"


def is_kind(context: str) -> bool:
    """Tell whether Kind created a context."""
    return context.startswith(PREFIX)


def version(answer: Answer | None) -> Finding:
    """Check the output of ``kind version``."""
    get = "https://kind.sigs.k8s.io/docs/user/quick-start/#installation, or: go install sigs.k8s.io/kind@latest"
    if answer is None:
        return failure("kind is not on PATH", get)
    installed = parsed(answer.out)
    if installed is None:
        return failure(f"'kind version' printed {answer.last_words!r}", get)
    if installed < OLDEST:
        return failure(f"{shown(installed)}: Kind enforces network policies from {shown(OLDEST)} on", get)
    return fine(shown(installed))


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster of Kind.

    Attributes:
        name: Name of the cluster.
        ports: Port on 127.0.0.1 to node port; None when the cluster does not exist.
    """

    name: str
    ports: Mapping[int, int] | None


def look(context: str) -> Cluster | Refused:
    """Read the port mappings from the control plane's container."""
    name = context.removeprefix(PREFIX)
    return read(name, ask("docker", "inspect", "--format", "{{json .HostConfig.PortBindings}}", f"{name}-control-plane"))


def read(name: str, answer: Answer | None) -> Cluster | Refused:
    """Parse the output of ``docker inspect``."""
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
    """Check whether the cluster exists."""
    if cluster.ports is None:
        return failure(f"Kind has no cluster {cluster.name!r}", "make cluster")
    return fine(f"{cluster.name}")


@dataclass(frozen=True, slots=True)
class Ports:
    """Current state of the published ports.

    Attributes:
        wanted: Ports that the stack publishes.
        taken: Host ports of these that a process listens on.
        cluster: The cluster with its mappings, if it exists.
    """

    wanted: Sequence[PublishedPort]
    taken: frozenset[int]
    cluster: Cluster | Refused


def look_at_ports(wanted: Sequence[PublishedPort], cluster: Cluster | Refused) -> Ports:
    """Check which host ports are in use."""
    return Ports(wanted, taken_ports(port.host for port in wanted), cluster)


def ports(seen: Ports, stack: str) -> Finding:
    """Check that each port is free, or held by the right mapping of the existing cluster.

    Args:
        seen: State of the ports.
        stack: Name of the stack, for the cure.
    """
    numbers = ", ".join(str(port.host) for port in seen.wanted)
    if isinstance(seen.cluster, Refused) and seen.taken:
        held = ", ".join(map(str, sorted(seen.taken)))
        return unseen(f"{held} in use; only Docker could tell whether by the cluster's own mapping")
    mapped = None if isinstance(seen.cluster, Refused) else seen.cluster.ports
    if mapped is None:
        others = [port_taken(port.host, stack) for port in seen.wanted if port.host in seen.taken]
        if others:
            return failure("; ".join(other.found for other in others), "\n".join(other.cure for other in others))
        return fine(f"{numbers} are free on 127.0.0.1")
    wrong = [port for port in seen.wanted if mapped.get(port.host) != port.node]
    if wrong:
        unmapped = "; ".join(f"port {port.host} of this machine does not lead to node port {port.node}" for port in wrong)
        return failure(
            f"{unmapped}; Kind sets port mappings only when it creates a cluster",
            "write the ports into pipeline/laptop/kind.yaml, then: make cluster-down cluster (its volumes are lost)",
        )
    return fine(f"the cluster's own mappings hold {numbers}")
