"""Commands that create the laptop's cluster, load the images into it, and delete it.

Each command returns an exit code, and prints one sentence for an error.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, ParamSpec

from images import tool
from images.references import LAPTOP, REFERENCES
from images.tool import ToolError
from pipeline.laptop import kind
from pipeline.laptop.kind import KindError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.laptop.kind import Cluster

_P = ParamSpec("_P")


def _with_exit_code(command: Callable[_P, None]) -> Callable[_P, int]:
    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> int:
        try:
            command(*arguments, **options)
        except (KindError, ToolError) as error:
            print(f"cluster: {error}", file=sys.stderr)
            return 1
        return 0

    return run


@_with_exit_code
def up(node_image: str) -> None:
    """Create the cluster, or check that the existing one is ready.

    Args:
        node_image: Image of the nodes; empty for Kind's own.
    """
    cluster = _cluster()
    kind.check_version(tool.ask(["kind", "version"]))
    if _exists(cluster):
        print(f"The cluster {cluster.name} exists already")
        kind.check_ports(cluster, tool.ask(["docker", "port", cluster.control_plane]))
    else:
        tool.run(kind.create(node_image))
    try:
        for command in kind.waits(cluster):
            tool.run(command)
    except ToolError as error:
        message = f"{error}. If the creation was interrupted or the cluster does not recover, start again: `make cluster-down cluster`"
        raise KindError(message) from error
    print(f"{cluster.nodes} nodes are ready, kubeconfig context {cluster.context}: {', '.join(map(str, cluster.mappings))}")


@_with_exit_code
def load(names: Sequence[str]) -> None:
    """Load images into the cluster.

    Args:
        names: Folders below images/; empty for the images that the stack ``dev`` runs.
    """
    cluster = _cluster()
    if not _exists(cluster):
        message = f"the cluster {cluster.name} does not exist; `make cluster` creates it"
        raise KindError(message)
    tool.run(kind.load(cluster, [REFERENCES[name] for name in names or LAPTOP]))


@_with_exit_code
def down() -> None:
    """Delete the cluster and all data in it."""
    tool.run(kind.delete(_cluster()))


def _cluster() -> Cluster:
    return kind.parse(kind.CONFIG.read_text(encoding="utf-8"))


def _exists(cluster: Cluster) -> bool:
    return cluster.name in tool.ask(["kind", "get", "clusters"]).split()
