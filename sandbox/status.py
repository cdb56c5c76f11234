"""Status of the sandbox on one screen: pods with their memory, what `status` shows of any stack, the last audit, rows in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table as Grid

from pipeline.description.running import described
from pipeline.reading import saved_outputs
from pipeline.reading.archive import Archive
from pipeline.reading.saved_outputs import STACK
from pipeline.reading.stack import RunningStack
from pipeline.status import screen
from pipeline.status.levels import Level
from pipeline.status.looking import Looks
from pipeline.status.view import view
from sandbox import memory, rollout
from sandbox.audits import last_run
from sandbox.demo import show_archive
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG
from sandbox.stack_settings import captured, settings
from stack.capacity.quantity import MIB, parse_bytes
from stack.specification.lateness import Lateness

if TYPE_CHECKING:
    from rich.console import Console

NAMESPACE = "data-ingestion"


def _show_pods(kube: Kube, console: Console) -> bool:
    grid = Grid(title="Pods", title_justify="left")
    for title in ("pod", "ready", "restarts"):
        grid.add_column(title)
    for title in ("working set", "peak", "limit"):
        grid.add_column(title, justify="right")
    good = True
    for pod in kube.list("Pod", NAMESPACE):
        ready = rollout.says_ready(pod)
        good = good and ready
        limit = sum(parse_bytes(container["resources"]["limits"]["memory"]) for container in pod["spec"]["containers"])
        used = memory.of_pod(pod["metadata"]["uid"])
        restarts = sum(container["restartCount"] for container in pod["status"].get("containerStatuses", []))
        figures = (used.working_set, used.peak, limit) if used else (0, 0, limit)
        grid.add_row(pod["metadata"]["name"], "yes" if ready else "NO", str(restarts), *(f"{figure / MIB:.0f} MiB" for figure in figures))
    console.print(grid)
    return good


def _show_parts(stack: RunningStack, console: Console) -> bool:
    reader = described(stack)
    seen = view(Looks(reader).look(), Lateness.of(reader))
    console.print("\n".join(screen.lines(seen)))
    return seen.level is Level.HEALTHY


def _show_audit(kube: Kube, console: Console) -> bool:
    stack = settings()
    if stack.audit_namespace is None:
        return True
    found = last_run(kube.list("Job", stack.audit_namespace), kube.list("Pod", stack.audit_namespace))
    console.print(f"Audit         {f'no run yet, the schedule is {stack.audit.schedule} (UTC)' if found is None else found.text}")
    return found is None or not found.is_wrong


def show(console: Console) -> int:
    """Print the state of the sandbox.

    Returns:
        0 if every pod is ready, `status` finds nothing late, in doubt, lost or stopped, the last audit has not failed and no row is in the
        archive twice, else 1.
    """
    collected = saved_outputs.read()
    kube = Kube(KUBECONFIG)
    good = [
        _show_pods(kube, console),
        _show_parts(RunningStack(STACK, settings(), collected), console),
        _show_audit(kube, console),
        show_archive(Archive(collected), captured(collected), console),
    ]
    return 0 if all(good) else 1
