"""The sandbox's Kubernetes: a real single node from one program, started and removed without a trace."""

from __future__ import annotations

from sandbox.cluster.binary import build
from sandbox.cluster.errors import NodeError
from sandbox.cluster.images import import_image
from sandbox.cluster.lifecycle import down, up
from sandbox.cluster.owner import owner

__all__ = ["NodeError", "build", "down", "import_image", "owner", "prerequisites", "up"]


def prerequisites() -> list[str]:
    """Return the Debian packages that the node needs: runtime, pod networking, packet filter."""
    return ["containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "iproute2", "mount"]
