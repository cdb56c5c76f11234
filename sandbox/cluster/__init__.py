"""The sandbox's Kubernetes: a real single node from one program, started and removed without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cluster import components
from sandbox.cluster.binary import build, built
from sandbox.cluster.errors import NodeError
from sandbox.cluster.host import PACKAGES, refuse_others
from sandbox.cluster.node import down, up
from sandbox.cluster.node_images import import_image
from sandbox.cluster.owner import owner, refuse_another
from sandbox.kubernetes import Kube

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "NodeError",
    "answers",
    "build",
    "built",
    "down",
    "import_image",
    "installed",
    "owner",
    "prerequisites",
    "refuse_another",
    "refuse_others",
    "up",
]


def prerequisites() -> list[str]:
    """Return the Debian packages that the node needs: runtime, pod networking, packet filter."""
    return list(PACKAGES)


def answers() -> bool:
    """Tell whether the API server of a sandbox on this machine says that it is ready."""
    return components.ADMIN.exists() and Kube(components.ADMIN, patient=False).answers()


def installed() -> Path:
    """Return the program that the node runs from; ``kubectl`` is one of its faces."""
    return components.BINARY
