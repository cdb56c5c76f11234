"""Commands for Kind, and parsers of its output. Pure, except for the file that it reads."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stack.settings import yaml_file

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG: Final = Path(__file__).with_name("kind.yaml")
# The first version of Kind whose network enforces network policies
OLDEST: Final = (0, 24)

_WAIT_S: Final = 300
_IN_NODE: Final = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf")


class KindError(RuntimeError):
    """The cluster cannot be created, or differs from its configuration; the message names the cure."""


@dataclass(frozen=True, order=True, kw_only=True)
class Mapping:
    """A node's port published on this machine.

    Attributes:
        address: Address on this machine.
        host: Port on this machine.
        node: Port of the node.
    """

    address: str
    host: int
    node: int

    def __str__(self) -> str:
        """Render the mapping as in ``127.0.0.1:5432 -> 30432``."""
        return f"{self.address}:{self.host} -> {self.node}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The relevant parts of a Kind configuration.

    Attributes:
        name: Name of the cluster.
        nodes: Number of nodes.
        mappings: Published ports, sorted.
    """

    name: str
    nodes: int
    mappings: tuple[Mapping, ...]

    @property
    def context(self) -> str:
        """Context that Kind adds to the kubeconfig."""
        return f"kind-{self.name}"

    @property
    def control_plane(self) -> str:
        """Container of the control plane."""
        return f"{self.name}-control-plane"


def parse(text: str) -> Cluster:
    """Parse a Kind configuration."""
    content = yaml_file.parse(text)
    mappings = [
        Mapping(address=pair["listenAddress"], host=pair["hostPort"], node=pair["containerPort"])
        for node in content["nodes"]
        for pair in node.get("extraPortMappings", ())
    ]
    return Cluster(name=content["name"], nodes=len(content["nodes"]), mappings=tuple(sorted(mappings)))


def check_version(text: str) -> None:
    """Raise KindError unless the output of ``kind version`` names a version that is new enough."""
    match = re.search(r"\bv?(\d+)\.(\d+)", text)
    if match is None or (int(match[1]), int(match[2])) < OLDEST:
        message = f"Kind {'.'.join(map(str, OLDEST))} or newer is needed, got {text.strip()!r}: older versions ignore network policies"
        raise KindError(message)


def check_ports(cluster: Cluster, output: str) -> None:
    """Raise KindError unless an existing cluster publishes the configured ports.

    Args:
        cluster: The configured cluster.
        output: Output of ``docker port`` for the control plane, lines such as ``30432/tcp -> 127.0.0.1:5432``.
    """
    lines = re.findall(r"^(\d+)/tcp -> (.+):(\d+)$", output, re.MULTILINE)
    published = {Mapping(address=address, host=int(host), node=int(node)) for node, address, host in lines}
    missing = [str(mapping) for mapping in cluster.mappings if mapping not in published]
    if missing:
        message = (
            f"the existing cluster {cluster.name} does not publish {', '.join(missing)}, and Kind publishes ports only when it creates a "
            "cluster: save the data you need, then `make cluster-down cluster`"
        )
        raise KindError(message)


def create(node_image: str) -> list[str]:
    """Return the command that creates the cluster; an empty node image means Kind's own."""
    return ["kind", "create", "cluster", "--config", os.path.relpath(CONFIG), *(["--image", node_image] if node_image else [])]


def delete(cluster: Cluster) -> list[str]:
    """Return the command that deletes the cluster with everything in it."""
    return ["kind", "delete", "cluster", "--name", cluster.name]


def load(cluster: Cluster, images: Sequence[str]) -> list[str]:
    """Return the command that loads images of the local Docker onto every node."""
    return ["kind", "load", "docker-image", "--name", cluster.name, *images]


def waits(cluster: Cluster) -> list[list[str]]:
    """Return the commands that wait for the nodes, DNS and the volume provisioner: ``kind create`` does not wait for all of them."""
    inside = ["docker", "exec", cluster.control_plane, *_IN_NODE]
    timeout = f"--timeout={_WAIT_S}s"
    return [
        [*inside, "wait", "--for=condition=Ready", "nodes", "--all", timeout],
        [*inside, "--namespace=kube-system", "rollout", "status", "deployment/coredns", timeout],
        [*inside, "--namespace=local-path-storage", "rollout", "status", "deployment/local-path-provisioner", timeout],
    ]
