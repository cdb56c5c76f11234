"""The state of the connectors, as the worker tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRACE_LINES = 6


class ConnectorFailedError(Exception):
    """A connector or one of its tasks has failed; the message holds the worker's own reason."""


def statuses(outputs: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Name to status of every connector.

    Args:
        outputs: What ``sandbox outputs`` prints.
    """
    connect = outputs["connect"]
    answer = requests.get(f"{connect['url']}/connectors?expand=status", auth=(connect["user"], connect["password"]), timeout=10)
    answer.raise_for_status()
    return {name: described["status"] for name, described in answer.json().items()}


def _reason(trace: str) -> str:
    causes = [line for line in trace.splitlines() if line.startswith("Caused by")]
    return "\n".join(f"    {line}" for line in (causes or trace.splitlines())[:_TRACE_LINES])


def failures(outputs: Mapping[str, Any]) -> list[str]:
    """Return what has failed at this moment, each with the worker's reason; a worker that does not answer now has not failed.

    Args:
        outputs: What ``sandbox outputs`` prints.
    """
    try:
        found = statuses(outputs)
    except requests.RequestException:
        return []
    failed = []
    for name, status in sorted(found.items()):
        parts = {"connector": status["connector"], **{f"task {task['id']}": task for task in status["tasks"]}}
        failed += [f"  {name}, {part}:\n{_reason(state.get('trace', ''))}" for part, state in parts.items() if state["state"] == "FAILED"]
    return failed


def refuse(failed: Sequence[str]) -> NoReturn:
    """Raise ConnectorFailedError about failed connectors and tasks, with what to do."""
    listed = "\n".join(failed)
    message = (
        f"the worker reports failed tasks, and restarting them has not helped:\n{listed}\n  mend the cause and run 'make sandbox' again"
    )
    raise ConnectorFailedError(message)
