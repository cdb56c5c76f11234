"""Memory use of a pod, read from its control group on this machine."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

_V1 = Path("/sys/fs/cgroup/memory/kubepods")
_V2 = Path("/sys/fs/cgroup/kubepods")


@dataclass(frozen=True, slots=True)
class PodMemory:
    """Memory of one pod in bytes.

    Attributes:
        working_set: Usage less the file cache that can be dropped at once, as the kubelet counts it.
        peak: Highest usage since the pod began, file cache included.
    """

    working_set: int
    peak: int


def _statistics(folder: Path) -> dict[str, int]:
    lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    return {key: int(value) for key, value in (line.split() for line in lines)}


def _number(folder: Path, name: str) -> int:
    text = (folder / name).read_text(encoding="ascii").strip()
    return int(text)


def _read(folder: Path) -> PodMemory:
    old = (folder / "memory.usage_in_bytes").exists()
    usage = _number(folder, "memory.usage_in_bytes" if old else "memory.current")
    peak = _number(folder, "memory.max_usage_in_bytes" if old else "memory.peak")
    droppable = _statistics(folder)["total_inactive_file" if old else "inactive_file"]
    return PodMemory(max(usage - droppable, 0), peak)


def of_pod(uid: str) -> PodMemory | None:
    """Return the memory of a pod; None for a pod that is not on this machine, or no longer.

    Args:
        uid: The pod's ``metadata.uid``.
    """
    for root in (_V1, _V2):
        for folder in root.glob(f"**/pod{uid}"):
            with contextlib.suppress(FileNotFoundError):  # it ended while it was looked at
                return _read(folder)
    return None
