"""Memory, disk and ports of the machine that the command runs on."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.checks.check import failure, fine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.checks.check import Finding

GIB = 1024**3
LOOPBACK = "127.0.0.1"


def available_memory() -> int:
    """Return the bytes of memory available to programs, as the Linux kernel reports them; 0 on other systems."""
    kernel = Path("/proc/meminfo")
    for line in kernel.read_text(encoding="ascii").splitlines() if kernel.exists() else ():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def memory(available: int, needed_gib: int, who: str) -> Finding:
    """Check whether there is enough memory.

    Args:
        available: Memory available, in bytes.
        needed_gib: Memory needed, in GiB.
        who: Subject of the message: the program that needs it.
    """
    if available < needed_gib * GIB:
        return failure(
            f"{available / GIB:.1f} GiB of memory are available and {who} needs {needed_gib} GiB",
            "stop other programs or use a larger machine",
        )
    return fine(f"{available / GIB:.1f} GiB are available, {needed_gib} are needed")


def first_existing(path: Path) -> Path:
    """Return the folder itself, or its nearest existing parent."""
    while not path.exists():
        path = path.parent
    return path


def free_disk(path: Path) -> int:
    """Return the free bytes of the file system that holds a folder, existing or not."""
    return shutil.disk_usage(first_existing(path)).free


def disk(free: int, needed_gib: int, place: Path, who: str) -> Finding:
    """Check whether there is enough disk.

    Args:
        free: Free disk space, in bytes.
        needed_gib: Disk space needed, in GiB.
        place: Folder on that disk.
        who: Subject of the message: the program that needs it.
    """
    if free < needed_gib * GIB:
        return failure(f"{free / GIB:.1f} GiB of disk are free under {place} and {who} needs {needed_gib} GiB", "free disk space there")
    return fine(f"{free / GIB:.1f} GiB are free under {place}, {needed_gib} are needed")


def taken_ports(ports: Iterable[int], address: str = LOOPBACK) -> frozenset[int]:
    """Return the TCP ports that another process listens on; the check does not occupy them."""
    return frozenset(port for port in ports if _taken(port, address))


def _taken(port: int, address: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
    return False


def port_taken(port: int, stack: str, address: str = LOOPBACK) -> Finding:
    """Return the failure for a port that another program holds."""
    return failure(
        f"port {port} on {address} is taken by another program",
        f"stop it ('ss -ltnp sport = :{port}', on macOS 'lsof -nP -iTCP:{port} -sTCP:LISTEN', names it) "
        f"or change the port in Pulumi.{stack}.yaml (host)",
    )
