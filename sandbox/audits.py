"""The last run of the scheduled audit, as the cluster knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run.

    Attributes:
        is_wrong: Whether it has failed.
        text: When it began, how it ended, and what its pod says.
    """

    is_wrong: bool
    text: str


def last_run(jobs: Sequence[Mapping[str, Any]], pods: Sequence[Mapping[str, Any]]) -> LastRun | None:
    """Return the last run of a CronJob, or None before the first one.

    Args:
        jobs: Jobs of its namespace, as the API server gives them.
        pods: Pods of its namespace.
    """
    begun = [job for job in jobs if job.get("status", {}).get("startTime")]
    if not begun:
        return None
    job = max(begun, key=lambda one: str(one["status"]["startTime"]))
    name, status = job["metadata"]["name"], job["status"]
    ends = {one["type"]: one.get("reason", "") for one in status.get("conditions", []) if one.get("status") == "True"}
    if "Complete" in ends:
        end, is_wrong = "complete", False
    elif "Failed" in ends:
        end, is_wrong = f"FAILED ({ends['Failed']})", True
    else:
        end, is_wrong = "at work", False
    said = " | ".join(_message(pods, name).splitlines())
    return LastRun(is_wrong, f"{name}, {status['startTime']}, {end}{f': {said}' if said else ''}")


def _message(pods: Sequence[Mapping[str, Any]], job: str) -> str:
    """Return the termination message of a job's newest pod that has one."""
    messages = [
        (str(ended.get("finishedAt", "")), str(ended.get("message", "")))
        for pod in pods
        if pod["metadata"].get("labels", {}).get("batch.kubernetes.io/job-name") == job
        for container in pod.get("status", {}).get("containerStatuses", [])
        if (ended := container.get("state", {}).get("terminated"))
    ]
    return max(messages, default=("", ""))[1]
