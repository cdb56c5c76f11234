"""Taking the node away, from whatever state it is in."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from sandbox.cluster import host, processes
from sandbox.paths import STATE

if TYPE_CHECKING:
    from pipeline.checks.progress import Step

GRACE_S = 5.0
"""Seconds in which a component may end by itself; etcd and containerd need less than one."""

_STARTED = STATE / "removing"  # a node with this file is not to be trusted any more: parts of it are ending
_REMAINS = STATE.with_suffix(".removed")
_LAST = ("kube-apiserver", "etcd", "containerd")  # each is needed by the one before it


def was_interrupted() -> bool:
    """Tell whether a removal began and did not end."""
    return _STARTED.exists() or _REMAINS.exists()


def remove(step: Step) -> None:
    """End the processes in the order of their needs, put the host back, then delete the state with all data.

    Args:
        step: Told what is being waited for.

    Raises:
        NodeError: If a process cannot be ended or a rule cannot be removed.
    """
    if STATE.exists():
        _STARTED.touch()
    step.waiting("the controllers to end")
    processes.stop([process for process in processes.find() if process.component not in _LAST], grace_s=GRACE_S)
    step.waiting("the containers to end")
    host.kill_pods()
    for component in _LAST:
        step.waiting(f"{component} to end")
        processes.stop([process for process in processes.find() if process.leader and process.component == component], grace_s=GRACE_S)
    processes.stop(processes.find(), grace_s=0)
    step.waiting("the host to be put back")
    host.put_back()
    # Out of the way in one instant: a half deleted state must never be taken for a node.
    shutil.rmtree(_REMAINS, ignore_errors=True)
    if STATE.exists():
        STATE.rename(_REMAINS)
        shutil.rmtree(_REMAINS)
