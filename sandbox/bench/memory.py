"""The memory of each pod and container against its limit, and what the node itself takes.

Pods: working set (usage less the file cache that can be dropped at once) and peak (highest usage since the pod began, file cache
included) from the control groups. Measured after the other topics of the same command, so the peak holds what they did. Node: the
proportional set size (a page shared by n processes counts as 1/n) of the control plane, the container runtime and its shims, from
`/proc/<pid>/smaps_rollup`.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox import memory
from sandbox.bench import machine
from sandbox.bench.figures import NOTHING, Figures, FiguresError, Grid
from sandbox.cluster import processes
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG
from sandbox.status import NAMESPACE
from stack.capacity.quantity import MIB, parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pipeline.checks.progress import Progress
    from sandbox.cluster.processes import Process
    from sandbox.memory import PodMemory

_KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory of one pod or container in bytes.

    Attributes:
        namespace: Where the pod lives.
        name: Its name; of a container, pod and container.
        whole: Whether it is a pod.
        working_set: Usage less the cache that can be dropped, or None when it ended meanwhile.
        peak: Highest usage, likewise.
        limit: The most that it may use.
        started: When the pod began, as Kubernetes writes it.
    """

    namespace: str
    name: str
    whole: bool
    working_set: int | None
    peak: int | None
    limit: int
    started: str


@dataclass(frozen=True, slots=True)
class Part:
    """A component of the node.

    Attributes:
        name: Its name.
        number: Its processes.
        bytes: Their proportional set size.
    """

    name: str
    number: int
    bytes: int


def measure(progress: Progress) -> Figures:
    """Read all figures at this moment.

    Raises:
        FiguresError: If the kernel does not report a process's size.
    """
    kube = Kube(KUBECONFIG)
    with progress.step("Reading memory"):
        pods = kube.list("Pod", None)
        usages = [usage for pod in pods for usage in of_pod(pod)]
        parts = of_node(processes.find())
    versions = machine.sandbox_versions(kube)
    grids = (pod_table(usages, dt.datetime.now(dt.UTC)), node_table(parts))
    raw = {"pods": [asdict(usage) for usage in usages], "node": [asdict(part) for part in parts]}
    return Figures("Memory, in MiB", str(__doc__), grids, raw, versions)


def of_pod(pod: Mapping[str, Any]) -> list[Usage]:
    """Return the pod, and where it has several containers, each of them.

    Args:
        pod: The Pod object.
    """
    metadata, containers = pod["metadata"], pod["spec"]["containers"]
    limits = {container["name"]: parse_bytes(container["resources"]["limits"]["memory"]) for container in containers}

    def usage(name: str, found: PodMemory | None, limit: int, *, whole: bool) -> Usage:
        working, peak = (found.working_set, found.peak) if found else (None, None)
        return Usage(metadata["namespace"], name, whole, working, peak, limit, pod["status"].get("startTime", ""))

    found = [usage(metadata["name"], memory.of_pod(metadata["uid"]), sum(limits.values()), whole=True)]
    statuses = pod["status"].get("containerStatuses", []) if len(containers) > 1 else []
    for status in statuses:
        identity = status.get("containerID", "").rpartition("/")[2]
        # The group of a container lies in that of its pod and is called after the container.
        inside = memory.of_pod(f"{metadata['uid']}/{identity}") if identity else None
        found.append(usage(f"{metadata['name']}, {status['name']}", inside, limits[status["name"]], whole=False))
    return found


def of_node(found: Iterable[Process]) -> list[Part]:
    """Return the node's components by size; the runtime's shims, one for each pod, are a component of their own.

    Raises:
        FiguresError: If the kernel does not report a size.
    """
    sizes: dict[str, list[int]] = {}
    for process in found:
        size = _proportional(process.pid)
        if size is not None:
            sizes.setdefault(process.component if process.leader else f"{process.component}, shims", []).append(size)
    parts = [Part(name, len(each), sum(each)) for name, each in sizes.items()]
    return sorted(parts, key=lambda part: -part.bytes)


def _proportional(pid: int) -> int | None:
    try:
        return proportional_bytes(Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"))
    except (FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
        return None


def proportional_bytes(rollup: str) -> int:
    """Return the proportional set size in what `smaps_rollup` says.

    Raises:
        FiguresError: If it is not in it.
    """
    found = re.search(r"^Pss:\s+(\d+) kB$", rollup, re.MULTILINE)
    if found is None:
        message = "this kernel does not report the proportional set size of a process (no Pss in smaps_rollup)"
        raise FiguresError(message)
    return int(found[1]) * _KIB


def pod_table(usages: Sequence[Usage], now: dt.datetime) -> Grid:
    """One row for each pod and container, and the sum of the pipeline's pods.

    Args:
        usages: What was read.
        now: The moment of reading.
    """
    rows = [(f"{usage.namespace}/{usage.name}", *_cells(usage.working_set, usage.peak, usage.limit), _age(usage, now)) for usage in usages]
    pipeline = [usage for usage in usages if usage.whole and usage.namespace == NAMESPACE]
    working, limit = sum(usage.working_set or 0 for usage in pipeline), sum(usage.limit for usage in pipeline)
    rows.append((f"all pods of {NAMESPACE}", *_cells(working, None, limit), NOTHING))
    return Grid(("pod", "working set", "peak", "limit", "peak of limit", "minutes since start"), tuple(rows), "Pods")


def _cells(working: int | None, peak: int | None, limit: int) -> tuple[str, str, str, str]:
    return _mib(working), _mib(peak), _mib(limit), NOTHING if peak is None else f"{peak / limit:.0%}"


def _age(usage: Usage, now: dt.datetime) -> str:
    return f"{(now - dt.datetime.fromisoformat(usage.started)).total_seconds() / 60:.0f}" if usage.started else NOTHING


def _mib(size: int | None) -> str:
    return NOTHING if size is None else f"{size / MIB:.0f}"


def node_table(parts: Sequence[Part]) -> Grid:
    """One row for each component of the node, and their sum."""
    rows = [(part.name, str(part.number), _mib(part.bytes)) for part in parts]
    rows.append(("the whole node", str(sum(part.number for part in parts)), _mib(sum(part.bytes for part in parts))))
    return Grid(("component", "processes", "proportional set size"), tuple(rows), "The node itself")
