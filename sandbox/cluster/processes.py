"""The components as detached processes that any later run can find again.

A process is recognised by a variable in its environment, which the kernel keeps and nobody else sets. Unlike a pid file that cannot be
stale, cannot name a recycled process, and cannot be missing because the starter was killed before it wrote one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from providers.waiting import Patience
from sandbox.cluster.errors import NodeError
from sandbox.paths import STATE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NAME = "DATA_INGESTION_SANDBOX_COMPONENT"
_FINGERPRINT = "DATA_INGESTION_SANDBOX_FINGERPRINT"
_POLL_S = 0.05
_BIRTH_S = 10.0

LOGS = STATE / "log"
"""Folder of each component's ``<name>.log``."""


@dataclass(frozen=True)
class Process:
    """A living process of the sandbox.

    Attributes:
        pid: Its process id.
        component: Name of the component that it is, or that started it (the shims of containerd).
        fingerprint: Hash of the command and files it was started with.
        leader: Whether it is the component itself: the process that was started, which leads its own session.
    """

    pid: int
    component: str
    fingerprint: str
    leader: bool


def find() -> list[Process]:
    """Return every living process that belongs to the sandbox, whoever started it."""
    found = (_read(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [process for process in found if process is not None]


def leaders() -> dict[str, Process]:
    """Return the running components by name."""
    return {process.component: process for process in find() if process.leader}


def start(component: str, argv: Sequence[str], fingerprint: str, environment: Mapping[str, str]) -> int:
    """Start a component in a session of its own and return its pid; it lives on when this program ends.

    Its output is appended to ``<name>.log``; nothing else is passed on to it but PATH and the variables given.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    inherited = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(STATE)}
    with (LOGS / f"{component}.log").open("ab") as log:
        child = subprocess.Popen(
            argv,
            cwd=STATE,
            env={**inherited, **environment, _NAME: component, _FINGERPRINT: fingerprint},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # For an instant after its birth a process has no environment to read yet.
    birth = Patience(_BIRTH_S)
    while child.poll() is None and _read(child.pid) is None and birth.go_on(f"{component} to be born", _POLL_S / 10):
        pass
    # The handle is dropped on purpose: the process is found by its mark, and its end by looking for it.
    child.returncode = 0
    return child.pid


def stop(processes: Iterable[Process], *, grace_s: float) -> None:
    """End the processes and return when they are gone: asked first, killed after the grace period in seconds.

    Raises:
        NodeError: If one survives being killed, which only a process stuck in the kernel does.
    """
    handles = {process: handle for process in processes if (handle := _handle(process)) is not None}
    try:
        for signal_number, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 10.0)):
            for handle in handles.values():
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(handle, signal_number)
            patience = Patience(patience_s)
            while any(_read(process.pid) == process for process in handles):
                if not patience.go_on("the processes to end", _POLL_S):
                    break
            else:
                return
        stuck = ", ".join(f"{process.component} ({process.pid})" for process in handles if _read(process.pid) == process)
        message = f"these processes do not end even when killed: {stuck}; the kernel holds them, so a restart of the machine is the cure"
        raise NodeError(message)
    finally:
        for handle in handles.values():
            os.close(handle)


def _read(pid: int) -> Process | None:
    proc = Path("/proc") / str(pid)
    try:
        environment = (proc / "environ").read_bytes()
        # A container on this machine may hold a sandbox of its own, whose processes are visible here and not ours.
        if _NAME.encode() not in environment or (proc / "ns/pid").readlink() != Path("/proc/self/ns/pid").readlink():
            return None
        state, _parent, _group, session = (proc / "stat").read_text().rpartition(")")[2].split()[:4]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    if state in "ZX":
        return None
    pairs = dict(item.split("=", 1) for item in environment.decode(errors="replace").split("\0") if "=" in item)
    if _NAME not in pairs:
        return None
    return Process(pid, pairs[_NAME], pairs.get(_FINGERPRINT, ""), leader=int(session) == pid)


def _handle(process: Process) -> int | None:
    """Open a handle to exactly this process: once it is open, the pid cannot come to mean another one."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        return None
    if _read(process.pid) != process:
        os.close(handle)
        return None
    return handle
