"""Makes the laptop's cluster, puts the images into it, removes it.

Each command gives an exit code, and prints one sentence for what went wrong.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, ParamSpec

from images import tool
from images.references import LAPTOP, REFERENCES
from images.tool import ToolError
from laptop import kind
from laptop.kind import KindError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laptop.kind import Cluster

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
    """Make the cluster, or see that it is there and ready.

    Args:
        node_image: Image of the nodes; Kind's own where it is empty.
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
        message = f"{error}. If the cluster was broken off half-way or does not come back, begin again: `make cluster-down cluster`"
        raise KindError(message) from error
    print(f"{cluster.nodes} nodes are ready, kubeconfig context {cluster.context}: {', '.join(map(str, cluster.mappings))}")


@_with_exit_code
def load(names: Sequence[str]) -> None:
    """Put images into the cluster.

    Args:
        names: Folders below images/; what the stack ``dev`` runs where there are none.
    """
    cluster = _cluster()
    if not _exists(cluster):
        message = f"there is no cluster {cluster.name} to load images into; `make cluster` makes it"
        raise KindError(message)
    tool.run(kind.load(cluster, [REFERENCES[name] for name in names or LAPTOP]))


@_with_exit_code
def down() -> None:
    """Remove the cluster and all data in it."""
    tool.run(kind.delete(_cluster()))


def _cluster() -> Cluster:
    return kind.parse(kind.CONFIG.read_text(encoding="utf-8"))


def _exists(cluster: Cluster) -> bool:
    return cluster.name in tool.ask(["kind", "get", "clusters"]).split()
