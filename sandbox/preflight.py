"""Checks of this machine before the sandbox changes anything."""

from __future__ import annotations

import os
import platform
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks import machine
from pipeline.checks.check import Check, Level, failure, fine
from sandbox.paths import CACHE, STATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.checks.check import Finding

MEMORY_GIB = 6
"""4 GiB of pods at their limits, 0.6 GiB of control plane, 0.3 GiB of emulator, and room for the machine itself."""
DISK_WARM_GIB = 8
"""Containerd 3, volumes and room for them 5; measured 2.3 and 0.1 after the end-to-end tests."""
DISK_COLD_GIB = DISK_WARM_GIB + 9
"""Besides: Go's modules and builds 4, jars and wheels 1, image layers and archives 2, and 2 while images are built."""
DISK_ENGINE_GIB = 7
"""Besides, where the Pulumi engine has to be built: Go's modules 2, builds 5."""
_GROUP: Final = "This machine"
_WHO: Final = "the sandbox"
_LAPTOP = "on a laptop with Docker use Kind instead: see 'On a laptop' in README.md"


class PreflightError(Exception):
    """The machine cannot carry the sandbox; the message lists every reason with its cure."""


def _platform_problem() -> Finding | None:
    if platform.system() != "Linux" or shutil.which("apt-get") is None:
        return failure(f"the sandbox is made from Debian packages and this is {platform.system()} without apt-get", _LAPTOP)
    if platform.machine() != "x86_64":
        return failure(f"the sandbox's wheels are locked for x86_64 and this is {platform.machine()}", _LAPTOP)
    if os.geteuid() != 0:
        return failure("the sandbox starts a Kubernetes node and needs root", f"run it as root on a throw-away machine, or {_LAPTOP}")
    return None


def _platform(problem: Finding | None) -> Finding:
    return problem or fine(f"{platform.system()} on {platform.machine()} with apt-get, as root")


def checks(ports: Sequence[int], *, running: bool, warm: bool, engine: bool = False) -> list[Check[Any]]:
    """Return what the sandbox needs of a machine, as ``make doctor`` shows it.

    Args:
        ports: TCP ports the sandbox publishes on 127.0.0.1.
        running: Whether a sandbox is here already, which then holds the ports and the memory.
        warm: Whether node and images are built.
        engine: Whether the Pulumi engine has to be built.
    """
    system: Check[Any] = Check(group=_GROUP, name="system", probe=_platform_problem, judge=_platform)
    if running:
        here = fine("the sandbox that is here holds its memory and its ports")
        return [system, Check(group=_GROUP, name="sandbox", probe=lambda: here, judge=lambda finding: finding)]
    return [
        system,
        Check(group=_GROUP, name="memory", probe=machine.available_memory, judge=partial(machine.memory, needed_gib=MEMORY_GIB, who=_WHO)),
        *_disk_checks((DISK_WARM_GIB if warm else DISK_COLD_GIB) + (DISK_ENGINE_GIB if engine else 0)),
        *(_port_check(port) for port in ports),
    ]


def _disk_checks(needed_gib: int) -> Iterator[Check[Any]]:
    for place in sorted({machine.first_existing(STATE), machine.first_existing(CACHE)}):
        judge = partial(machine.disk, needed_gib=needed_gib, place=place, who=_WHO)
        yield Check(group=_GROUP, name="disk", probe=partial(machine.free_disk, place), judge=judge)


def _port_check(port: int) -> Check[Any]:
    def judge(taken: frozenset[int]) -> Finding:
        return machine.port_taken(port, "sandbox") if taken else fine("free on 127.0.0.1")

    return Check(group=_GROUP, name=f"port {port}", probe=partial(machine.taken_ports, [port]), judge=judge)


def check_platform() -> None:
    """Refuse a system, a processor or a user that the sandbox cannot be made by. Raises PreflightError with the cure."""
    wrong = _platform_problem()
    if wrong:
        raise PreflightError(_told(wrong))


def check(ports: Sequence[int], *, running: bool, warm: bool, engine: bool = False) -> None:
    """Refuse a machine that has not the memory, the disk or the ports that the sandbox needs.

    Args:
        ports: TCP ports the sandbox publishes on 127.0.0.1.
        running: Whether a sandbox is here already, which then holds the ports and the memory.
        warm: Whether node and images are built.
        engine: Whether the Pulumi engine has to be built.

    Raises:
        PreflightError: With every reason and its cure.
    """
    found = [one.judge(one.probe()) for one in checks(ports, running=running, warm=warm, engine=engine)]
    problems = [_told(finding) for finding in found if finding.level is Level.FAILURE]
    if problems:
        raise PreflightError("\n".join(problems))


def _told(finding: Finding) -> str:
    return f"{finding.found}: {finding.cure}"
