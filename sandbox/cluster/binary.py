"""Building the node: one Go program from modules, kept in the cache under a hash of its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import golang
from sandbox.cluster import node_images
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from pipeline.checks.progress import Progress

SOURCES = Path(__file__).resolve().parent.parent / "node"
KUBERNETES = "v1.34.2"
"""The version compiled in; also what the components report. Must agree with ``go.mod``."""


def build(progress: Progress) -> Path:
    """Return the ``node`` program; beside it in its folder lie ``pause`` and an image archive of each.

    They are built when the cache does not have these sources yet.

    A first build takes some minutes on two cores; Go's own cache makes one after a change of our sources take seconds.

    Raises:
        CompileError: If there is no Go, or it refuses the sources, with its own words.
    """
    node = _program()
    folder = node.parent
    if node.exists():
        return node
    with progress.step("Building the Kubernetes node") as step:
        folder.mkdir(parents=True, exist_ok=True)
        for package, program, link in (("./pause", folder / "pause", "-s -w"), (".", node, f"-s -w {_version_flags()}")):
            fresh = program.with_suffix(".built")
            golang.build(SOURCES, package, fresh, link=link, step=step)
            node_images.pack(fresh, program.name, program.with_suffix(".tar"))
            # Last, and only a whole one: the program under its own name says that everything beside it is there.
            fresh.rename(program)
        golang.forget_old(folder.parent)
    return node


def built() -> bool:
    """Tell whether the program is in the cache."""
    return _program().exists()


def _program() -> Path:
    return CACHE / "node" / golang.digest(SOURCES, KUBERNETES) / "node"


def _version_flags() -> str:
    package = "k8s.io/component-base/version"
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {package}.{name}={value}" for name, value in values.items())
