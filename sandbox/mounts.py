"""Finds and releases mounts below a folder; deleting a folder that still has one would delete what is mounted there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_OCTAL = re.compile(r"\\([0-7]{3})")


class MountedError(RuntimeError):
    """A mount could not be released; the message names it."""


def below(folder: Path, mountinfo: str) -> list[Path]:
    """Read the kernel's mount table (the text of /proc/self/mountinfo) and give the mounts below a folder, the innermost first."""
    points = (Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), line.split()[4])) for line in mountinfo.splitlines())
    return [point for point in reversed(list(points)) if folder in point.parents]


def release(folder: Path) -> None:
    """Unmount everything below a folder. Raises MountedError if something stays mounted."""
    for _ in range(2):
        for point in below(folder, Path("/proc/self/mountinfo").read_text(encoding="utf-8")):
            subprocess.run(["umount", "--lazy", str(point)], capture_output=True, check=False)
    left = below(folder, Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    if left:
        msg = f"still mounted below {folder}: {', '.join(map(str, left))}; unmount it before going on"
        raise MountedError(msg)
