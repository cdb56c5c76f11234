"""`python -m laptop up|load|down`: make the laptop's cluster, put the images into it, remove it. Prints every command it runs."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from images import tool
from images.references import LAPTOP, REFERENCES
from images.tool import ToolError
from laptop import kind
from laptop.kind import KindError

if TYPE_CHECKING:
    from laptop.kind import Cluster

_COMMANDS = "up: make it, or see that it is there; load: images that `python -m images build` has made; down: remove it and all data in it"


def main() -> int:
    """Run one command; gives the exit code, and prints one sentence for what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m laptop", description=__doc__)
    parser.add_argument("command", choices=("up", "load", "down"), help=_COMMANDS)
    parser.add_argument("image", nargs="*", help=f"load: folders below images/ (default: {' '.join(LAPTOP)})")
    parser.add_argument("--node-image", default="", metavar="IMAGE", help="up: image of the nodes (default: the one of this Kind)")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.image) - set(REFERENCES))
    if unknown:
        parser.error(f"no image is called {', '.join(unknown)}; there are {', '.join(REFERENCES)}")
    cluster = kind.parse(kind.CONFIG.read_text(encoding="utf-8"))
    try:
        if arguments.command == "up":
            _up(cluster, arguments.node_image)
        elif arguments.command == "load":
            if not _exists(cluster):
                parser.exit(1, f"cluster: there is no cluster {cluster.name} to load images into; `make cluster` makes it\n")
            tool.run(kind.load(cluster, [REFERENCES[name] for name in arguments.image or LAPTOP]))
        else:
            tool.run(kind.delete(cluster))
    except (KindError, ToolError) as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    return 0


def _exists(cluster: Cluster) -> bool:
    return cluster.name in tool.ask(["kind", "get", "clusters"]).split()


def _up(cluster: Cluster, node_image: str) -> None:
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
        msg = f"{error}. If the cluster was broken off half-way or does not come back, begin again: `make cluster-down cluster`"
        raise KindError(msg) from error
    print(f"{cluster.nodes} nodes are ready, kubeconfig context {cluster.context}: {', '.join(map(str, cluster.mappings))}")


if __name__ == "__main__":
    sys.exit(main())
