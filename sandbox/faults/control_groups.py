"""Control groups of the pods' containers, version 1 or 2, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The one of version 1 is the memory controller's
_ROOTS = (Path("/sys/fs/cgroup/memory/kubepods"), Path("/sys/fs/cgroup/kubepods"))


def container_id(pod: Mapping[str, Any], container: str) -> str:
    """Return the identifier of a ready container, as its control group is named; empty while none is ready."""
    for status in pod["status"].get("containerStatuses", ()):
        if status["name"] == container and status["ready"]:
            return str(status["containerID"]).rpartition("/")[2]
    return ""


def of_container(pod: Mapping[str, Any], container: str) -> Path:
    """Folder of a ready container's memory control group.

    Raises:
        LookupError: If there is none.
    """
    identity = container_id(pod, container)
    if not identity:
        message = f"{container} of {pod['metadata']['name']} is not ready"
        raise LookupError(message)
    for root in _ROOTS:
        for folder in root.glob(f"**/pod{pod['metadata']['uid']}/{identity}"):
            return folder
    message = f"there is no control group of {container}"
    raise LookupError(message)


def _lines(file: Path) -> dict[str, int]:
    return {key: int(value) for key, value in (line.split() for line in file.read_text(encoding="ascii").splitlines())}


def _is_old(folder: Path) -> bool:
    return (folder / "memory.limit_in_bytes").exists()


def anonymous(folder: Path) -> int:
    """Bytes that are no file pages."""
    statistics = _lines(folder / "memory.stat")
    if _is_old(folder):
        return statistics["total_rss"] + statistics.get("total_shmem", 0)
    return statistics["anon"] + statistics["shmem"]


def limit(folder: Path) -> str:
    """Return the limit that the kernel enforces: bytes, or ``max``."""
    return (folder / ("memory.limit_in_bytes" if _is_old(folder) else "memory.max")).read_text(encoding="ascii").strip()


def killed(folder: Path) -> int:
    """Return the number of processes that the kernel has killed for lack of memory."""
    return _lines(folder / ("memory.oom_control" if _is_old(folder) else "memory.events"))["oom_kill"]


def processes(folder: Path) -> list[int]:
    """Its processes."""
    return [int(line) for line in (folder / "cgroup.procs").read_text(encoding="ascii").split()]
