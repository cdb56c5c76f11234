"""Finds and releases mounts below a folder; deleting a folder that still has one would delete what is mounted there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

_OCTAL = re.compile(r"\\([0-7]{3})")
_TABLE = Path("/proc/self/mountinfo")


class MountedError(RuntimeError):
    """A mount could not be released; the message names it."""


def below(folder: Path, mountinfo: str, *, itself: bool = False) -> list[Path]:
    """Read the kernel's mount table (the text of /proc/self/mountinfo) and return the mounts below a folder, the innermost first.

    Args:
        folder: The folder.
        mountinfo: The table.
        itself: Whether one at the folder counts too.
    """
    points = (Path(_OCTAL.sub(lambda code: chr(int(code[1], 8)), line.split()[4])) for line in mountinfo.splitlines())
    return [point for point in reversed(list(points)) if folder in point.parents or (itself and point == folder)]


def release(folder: Path, *, itself: bool = False) -> None:
    """Unmount everything below a folder, and what is mounted at the folder if asked. Raises MountedError if something stays mounted."""
    for _ in range(2):
        for point in below(folder, _TABLE.read_text(encoding="utf-8"), itself=itself):
            subprocess.run(["umount", "--lazy", str(point)], capture_output=True, check=False)
    left = below(folder, _TABLE.read_text(encoding="utf-8"), itself=itself)
    if left:
        message = f"still mounted below {folder}: {', '.join(map(str, left))}; unmount it before going on"
        raise MountedError(message)
