"""Machine and software of a measurement, without a name or a path of the machine."""

from __future__ import annotations

import datetime as dt
import os
import platform
import re
import shlex
import subprocess
from importlib import metadata
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.kubernetes import Kube


def about(arguments: Sequence[str]) -> dict[str, Any]:
    """Describe a measurement: time, command, commit and machine.

    Args:
        arguments: The command line after ``python -m pipeline``.
    """
    return {
        "command": command(arguments),
        "date": dt.datetime.now(dt.UTC).isoformat(sep=" ", timespec="minutes").replace("+00:00", " UTC"),
        "commit": _commit(),
        "machine": {
            "cpus": len(os.sched_getaffinity(0)),
            "model": model(Path("/proc/cpuinfo").read_text(encoding="utf-8")),
            "memory_mib": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024**2,
            "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        },
        "versions": {"Python": platform.python_version(), "Pulumi": metadata.version("pulumi")},
    }


def command(arguments: Sequence[str]) -> str:
    """Return the command as a person would type it: of a file only its name."""
    return shlex.join(["python", "-m", "pipeline", *(PurePath(argument).name if "/" in argument else argument for argument in arguments)])


def model(cpuinfo: str) -> str:
    """Return the processor's name as `/proc/cpuinfo` gives it; the architecture where it gives none."""
    found = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def sandbox_versions(kube: Kube) -> dict[str, str]:
    """Return the versions of what the sandbox runs."""
    (node,) = kube.list("Node", None)
    return versions_of(node, kube.list("Pod", None))


def versions_of(node: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the versions of Kubernetes and of the images that run.

    Args:
        node: The one Node object.
        pods: Pod objects.
    """
    info = node["status"]["nodeInfo"]
    references = {container["image"].rpartition("/")[2] for pod in pods for container in pod["spec"]["containers"]}
    images = dict(reference.rpartition(":")[::2] for reference in sorted(references))
    images.pop("node", None)  # its tag is a hash of its sources; the Kubernetes in it is named already
    runtime, _, version = info["containerRuntimeVersion"].partition("://")
    return {"Kubernetes": info["kubeletVersion"].removeprefix("v"), runtime: version, **images}


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/figures.*")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")
