"""Status of the sandbox on one screen: pods with their memory, connectors with their tasks, history, dead letters, rows in the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid

from capacity.quantity import MIB, parse_bytes
from dead_letters.cluster import dead_letter_topic
from dead_letters.topic import TopicError
from epochs.diagnosis import State, diagnosis
from epochs.looking import look
from reading.archive import Archive
from reading.stack import RunningStack
from sandbox import connectors, memory, outputs, rollout
from sandbox.demo import show_archive
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG
from sandbox.stack_settings import STACK, captured, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def _show_connectors(collected: Mapping[str, Any], console: Console) -> bool:
    grid = Grid(title="Connectors", title_justify="left")
    for title in ("connector", "state", "tasks"):
        grid.add_column(title)
    states = []
    for name, status in sorted(connectors.statuses(collected).items()):
        tasks = [task.state for task in status.tasks]
        states += [status.connector.state, *tasks]
        grid.add_row(name, status.connector.state, ", ".join(tasks) or "none")
    console.print(grid)
    return bool(states) and set(states) == {"RUNNING"}


def _show_dead_letters(collected: Mapping[str, Any], console: Console) -> bool:
    topic = dead_letter_topic(settings(), collected["kafka"]["bootstrapServers"])
    try:
        found = topic.count()
    except TopicError as error:
        console.print(f"Dead letters  NOT KNOWN: {error}")
        return False
    look = f": .venv/bin/python -m pipeline dlq list --stack {STACK}" if found.is_wrong else ""
    console.print(f"Dead letters  {found}{look}")
    return not found.is_wrong


def _show_history(collected: Mapping[str, Any], console: Console) -> bool:
    """Show a break at once: a source whose slot is lost still says RUNNING for half an hour."""
    stack = settings()
    verdict = diagnosis(stack.names, stack.streaming, look(RunningStack(STACK, stack, collected)))
    good = verdict.state is State.WHOLE
    next_ = "" if good else f": {verdict.text}; .venv/bin/python -m pipeline epoch show --stack {STACK}"
    console.print(f"History       epoch {stack.names.epoch}, {verdict.state.value if good else verdict.state.name}{next_}")
    return good


def show(console: Console) -> int:
    """Print the state of the sandbox.

    Returns:
        0 if every pod is ready, every task runs, the history is whole, no dead letter is open and no row is in the archive twice, else 1.
    """
    collected = outputs.read()
    good = [
        _show_pods(Kube(KUBECONFIG), console),
        _show_connectors(collected, console),
        _show_history(collected, console),
        _show_dead_letters(collected, console),
        show_archive(Archive(collected), captured(collected), console),
    ]
    return 0 if all(good) else 1
