"""Faults of a pod: deleted with and without its grace period, and killed by a signal that no process can handle."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

from sandbox.faults import control_groups
from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from sandbox.kubernetes import Kube


def pod_of(kube: Kube, prefix: str) -> dict[str, Any]:
    """Return the one pod whose name begins so."""
    (found,) = [pod for pod in kube.list("Pod", NAMESPACE) if pod["metadata"]["name"].startswith(prefix)]
    return found


def delete(kube: Kube, kind: str, workload: str, prefix: str, timeout_s: float) -> None:
    """Delete a pod, which may end in its grace period, and wait for its successor."""
    kube.delete("Pod", NAMESPACE, pod_of(kube, prefix)["metadata"]["name"])
    kube.wait_ready(kind, NAMESPACE, workload, timeout_s)


def delete_at_once(
    kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]], kind: str, workload: str, prefix: str, timeout_s: float
) -> None:
    """Delete a pod with a grace period of 0: its successor may begin while its processes still end."""
    pod = pod_of(kube, prefix)["metadata"]["name"]
    done = command("kubectl", "--", "delete", "pod", "--namespace", NAMESPACE, pod, "--grace-period=0", "--force")
    assert done.returncode == 0, done.stderr
    kube.wait_ready(kind, NAMESPACE, workload, timeout_s)


def kill(kube: Kube, prefix: str, container: str, timeout_s: float) -> float:
    """Send SIGKILL to every process of a container and wait until another one is ready in its place.

    Returns:
        Seconds until then.
    """
    pod = pod_of(kube, prefix)
    before, began = control_groups.container_id(pod, container), time.monotonic()
    processes = control_groups.processes(control_groups.of_container(pod, container))
    assert processes
    for process in processes:
        # the end of the first process may have ended the others
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    while control_groups.container_id(pod_of(kube, prefix), container) in {"", before}:
        assert time.monotonic() - began < timeout_s, f"{container} was not started again in {timeout_s:.0f} s"
        time.sleep(0.5)
    return time.monotonic() - began
