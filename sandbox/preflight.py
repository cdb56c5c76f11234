"""Whether this machine can carry the sandbox, said in one sentence each before anything is changed."""

from __future__ import annotations

import os
import platform
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.paths import CACHE, STATE

if TYPE_CHECKING:
    from collections.abc import Sequence

GIB = 1024**3
MEMORY_GIB = 6
"""4 GiB of pods at their limits, 0.6 GiB of control plane, 0.3 GiB of emulator, and room for the machine itself."""
DISK_WARM_GIB = 8
"""Containerd 3, volumes and room for them 5; measured 2.3 and 0.1 after the end-to-end tests."""
DISK_COLD_GIB = DISK_WARM_GIB + 9
"""Besides: Go's modules and builds 4, jars and wheels 1, image layers and archives 2, and 2 while images are built."""
_LAPTOP = "on a laptop with Docker use Kind instead: see 'On a laptop' in README.md"


class PreflightError(Exception):
    """The machine cannot carry the sandbox; the message lists every reason with its cure."""


def _available_memory() -> int:
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def _first_existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _platform_problem() -> str | None:
    if platform.system() != "Linux" or shutil.which("apt-get") is None:
        return f"the sandbox is made from Debian packages and this is {platform.system()} without apt-get: {_LAPTOP}"
    if platform.machine() != "x86_64":
        return f"the sandbox's wheels are locked for x86_64 and this is {platform.machine()}: {_LAPTOP}"
    if os.geteuid() != 0:
        return f"the sandbox starts a Kubernetes node and needs root: run it as root on a throw-away machine, or {_LAPTOP}"
    return None


def port_problems(ports: Sequence[int], address: str = "127.0.0.1") -> list[str]:
    """The ports that something else already listens on.

    Args:
        ports: TCP ports the sandbox will publish.
        address: Where it publishes them.
    """
    problems = []
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                problems.append(
                    f"port {port} on {address} is taken by another program: stop it ('ss -ltnp sport = :{port}' names it) "
                    "or change the port in Pulumi.sandbox.yaml (host)"
                )
    return problems


def _size_problems(*, warm: bool) -> list[str]:
    problems = []
    memory = _available_memory()
    if memory < MEMORY_GIB * GIB:
        problems.append(
            f"{memory / GIB:.1f} GiB of memory are available and the sandbox needs {MEMORY_GIB}: stop something or use a larger machine"
        )
    needed = DISK_WARM_GIB if warm else DISK_COLD_GIB
    for place in {_first_existing(STATE), _first_existing(CACHE)}:
        free = shutil.disk_usage(place).free
        if free < needed * GIB:
            problems.append(f"{free / GIB:.1f} GiB of disk are free under {place} and the sandbox needs {needed}: make room there")
    return problems


def check_platform() -> None:
    """Refuse a system, a processor or a user that the sandbox cannot be made by. Raises PreflightError with the cure."""
    wrong = _platform_problem()
    if wrong:
        raise PreflightError(wrong)


def check(ports: Sequence[int], *, running: bool, warm: bool) -> None:
    """Refuse a machine that has not the memory, the disk or the ports that the sandbox needs.

    Args:
        ports: TCP ports the sandbox publishes on 127.0.0.1.
        running: Whether a sandbox is here already, which then holds the ports and the memory.
        warm: Whether node and images are built.

    Raises:
        PreflightError: With every reason and its cure.
    """
    if running:
        return
    problems = [*_size_problems(warm=warm), *port_problems(ports)]
    if problems:
        raise PreflightError("\n".join(problems))
