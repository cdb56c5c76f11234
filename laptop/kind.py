"""What Kind is asked, and how its answers are read. Pure, but for the file that it reads."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG: Final = Path(__file__).with_name("kind.yaml")
# From this version on Kind's network enforces network policies
OLDEST: Final = (0, 24)

_WAIT_S: Final = 300
_IN_NODE: Final = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf")


class KindError(RuntimeError):
    """The cluster cannot be made or is not the one that is wanted; the message says what to do."""


@dataclass(frozen=True, order=True, kw_only=True)
class Mapping:
    """A port of a node that answers on this machine.

    Attributes:
        address: Address on this machine.
        host: Port there.
        node: Port of the node.
    """

    address: str
    host: int
    node: int

    def __str__(self) -> str:
        """As in ``127.0.0.1:5432 -> 30432``."""
        return f"{self.address}:{self.host} -> {self.node}"


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """A Kind configuration, as far as it matters here.

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
        """The context that Kind adds to the kubeconfig."""
        return f"kind-{self.name}"

    @property
    def control_plane(self) -> str:
        """The container of the control plane."""
        return f"{self.name}-control-plane"


def parse(text: str) -> Cluster:
    """Read a Kind configuration."""
    content = yaml.safe_load(text)
    mappings = [
        Mapping(address=pair["listenAddress"], host=pair["hostPort"], node=pair["containerPort"])
        for node in content["nodes"]
        for pair in node.get("extraPortMappings", ())
    ]
    return Cluster(name=content["name"], nodes=len(content["nodes"]), mappings=tuple(sorted(mappings)))


def check_version(text: str) -> None:
    """Raise KindError unless ``kind version`` tells one that is new enough."""
    found = re.search(r"\bv?(\d+)\.(\d+)", text)
    if found is None or (int(found[1]), int(found[2])) < OLDEST:
        message = f"Kind {'.'.join(map(str, OLDEST))} or newer is needed, this is {text.strip()!r}: older ones ignore network policies"
        raise KindError(message)


def check_ports(cluster: Cluster, told: str) -> None:
    """Raise KindError unless an existing cluster publishes the wanted ports.

    Args:
        cluster: The wanted one.
        told: What ``docker port`` says of the control plane, lines such as ``30432/tcp -> 127.0.0.1:5432``.
    """
    lines = re.findall(r"^(\d+)/tcp -> (.+):(\d+)$", told, re.MULTILINE)
    published = {Mapping(address=address, host=int(host), node=int(node)) for node, address, host in lines}
    missing = [str(mapping) for mapping in cluster.mappings if mapping not in published]
    if missing:
        message = (
            f"the cluster {cluster.name} that is there does not publish {', '.join(missing)}, and Kind publishes ports only while it makes "
            "a cluster: save what you need of it, then `make cluster-down cluster`"
        )
        raise KindError(message)


def create(node_image: str) -> list[str]:
    """The command that makes the cluster; an empty node image means Kind's own."""
    return ["kind", "create", "cluster", "--config", os.path.relpath(CONFIG), *(["--image", node_image] if node_image else [])]


def delete(cluster: Cluster) -> list[str]:
    """The command that removes the cluster with everything in it."""
    return ["kind", "delete", "cluster", "--name", cluster.name]


def load(cluster: Cluster, images: Sequence[str]) -> list[str]:
    """The command that puts images of the local Docker onto every node."""
    return ["kind", "load", "docker-image", "--name", cluster.name, *images]


def waits(cluster: Cluster) -> list[list[str]]:
    """The commands that return once every node is ready, names are served and volumes are made: ``kind create`` waits for less."""
    inside = ["docker", "exec", cluster.control_plane, *_IN_NODE]
    timeout = f"--timeout={_WAIT_S}s"
    return [
        [*inside, "wait", "--for=condition=Ready", "nodes", "--all", timeout],
        [*inside, "--namespace=kube-system", "rollout", "status", "deployment/coredns", timeout],
        [*inside, "--namespace=local-path-storage", "rollout", "status", "deployment/local-path-provisioner", timeout],
    ]
