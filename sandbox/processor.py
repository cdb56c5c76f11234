"""Processor time of a pod, read from its control group on this machine."""

from __future__ import annotations

import contextlib
from pathlib import Path

_V1 = Path("/sys/fs/cgroup/cpuacct/kubepods")
_V2 = Path("/sys/fs/cgroup/kubepods")
# version 1 counts nanoseconds, version 2 microseconds
_PER_SECOND_V1, _PER_SECOND_V2 = 1_000_000_000, 1_000_000


def seconds_of_pod(uid: str) -> float | None:
    """Return the processor seconds of all containers of a pod since it began; None for a pod that is not on this machine, or no longer.

    Args:
        uid: The pod's ``metadata.uid``.
    """
    for root, read in ((_V1, _read_v1), (_V2, _read_v2)):
        for folder in root.glob(f"**/pod{uid}"):
            # it ended while it was looked at
            with contextlib.suppress(FileNotFoundError):
                return read(folder)
    return None


def _read_v1(folder: Path) -> float:
    return int((folder / "cpuacct.usage").read_text(encoding="ascii")) / _PER_SECOND_V1


def _read_v2(folder: Path) -> float:
    figures = dict(line.split() for line in (folder / "cpu.stat").read_text(encoding="ascii").splitlines())
    return int(figures["usage_usec"]) / _PER_SECOND_V2
