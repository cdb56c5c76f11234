"""Memory of a stack: the limits of its steady workloads, and their maximum during rollouts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stack.capacity.pods import UnboundedError, UnreadableError, pod_bytes, pod_spec, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Workload:
    """Memory of one workload, in bytes.

    Attributes:
        kind: Kubernetes kind.
        name: Object name.
        replicas: Number of steady pods.
        pod: Effective memory limit of one pod.
        surge: Maximum number of extra pods during its rollout.
    """

    kind: str
    name: str
    replicas: int
    pod: int
    surge: int = 0

    @property
    def steady(self) -> int:
        """Memory without a rollout."""
        return self.replicas * self.pod

    @property
    def peak(self) -> int:
        """Maximum memory during its own rollout."""
        return (self.replicas + self.surge) * self.pod


@dataclass(frozen=True, slots=True)
class Total:
    """Memory of a stack, in bytes.

    Attributes:
        workloads: Workloads, largest first.
        budget: Limit for all workloads together.
    """

    workloads: tuple[Workload, ...]
    budget: int

    @property
    def steady(self) -> int:
        """Memory of all workloads without a rollout."""
        return sum(workload.steady for workload in self.workloads)

    @property
    def peak(self) -> int:
        """Memory of all workloads during simultaneous rollouts, the maximum that one change to a stack can cause."""
        return sum(workload.peak for workload in self.workloads)

    @property
    def free(self) -> int:
        """Budget less steady memory; negative when exceeded."""
        return self.budget - self.steady


def _rolling_surge(kind: str, spec: Mapping[str, Any], replicas: int) -> int:
    """Return the extra pods at a rollout's peak: terminating pods count neither against ``maxSurge`` nor as available.

    A Deployment may therefore start every new pod while every old one still terminates, whatever its ``maxSurge`` (KEP-5882, "Deployment
    Pod Replacement Policy"); only ``Recreate`` waits for the old pods. A StatefulSet waits for each name. A DaemonSet waits on each
    node, unless it may surge.
    """
    strategy = spec.get("strategy" if kind == "Deployment" else "updateStrategy") or {}
    if (strategy.get("type") or "RollingUpdate") != "RollingUpdate":
        return 0
    if kind == "Deployment":
        return replicas
    surge = str((strategy.get("rollingUpdate") or {}).get("maxSurge") or 0)
    return replicas if kind == "DaemonSet" and float(surge.removesuffix("%")) > 0 else 0


def _job_pods(job: Mapping[str, Any]) -> int:
    """Return the number of simultaneous pods of a Job: its parallelism, at most its completions."""
    parallelism = _whole(job.get("parallelism"), 1)
    return min(parallelism, _whole(job["completions"], 1)) if job.get("completions") is not None else parallelism


def _overlap(job: Mapping[str, Any]) -> int:
    """Return how many pods may run for one of a Job: two, since by default a replacement starts beside the pod that still terminates.

    It waits with ``podReplacementPolicy: Failed``, the only one with a ``podFailurePolicy``; with ``backoffLimit: 0`` none is started.
    """
    waits = job.get("podReplacementPolicy") == "Failed" or job.get("podFailurePolicy") is not None
    return 1 if waits or job.get("backoffLimit") == 0 else 2


def _whole(value: Any, absent: int) -> int:  # noqa: ANN401 - any JSON value
    """Return a number of pods, or its default where it is absent.

    Raises:
        UnreadableError: If the value is not a whole number from 0.
    """
    if value is None:
        return absent
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < 0:
        message = "has a number of pods that is not a whole number from 0; set one"
        raise UnreadableError(message)
    return int(value)


_GRACE = 60
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_NAMED = {"@hourly": _HOUR, "@daily": _DAY, "@midnight": _DAY, "@weekly": _DAY, "@monthly": _DAY, "@yearly": _DAY, "@annually": _DAY}


def _least_interval(schedule: str) -> int:
    """Return the time that at least lies between two runs of a schedule in seconds; a minute where its form says no more."""
    if schedule.strip() in _NAMED:
        return _NAMED[schedule.strip()]
    minute, hour, *_days = [*schedule.split(), "", ""]
    if minute.isdigit():
        return _DAY if hour.isdigit() else _HOUR
    step = re.fullmatch(r"\*/(\d{1,2})", minute)
    # the last run of an hour may stand close to the first of the next one
    return _MINUTE * int(step[1]) if step and int(step[1]) and 60 % int(step[1]) == 0 else _MINUTE


def _cron_runs(spec: Mapping[str, Any]) -> int:
    """Return the number of simultaneous runs of a CronJob: one with Forbid, two with Replace, where the old run still terminates."""
    policy = spec.get("concurrencyPolicy") or "Allow"
    if spec.get("suspend") is True and policy == "Allow":
        return 1
    deadline = spec["jobTemplate"]["spec"].get("activeDeadlineSeconds")
    if policy == "Allow" and isinstance(deadline, int) and deadline > 0:
        # a run that its deadline ends has this long to stop
        return (deadline + _GRACE) // _least_interval(str(spec.get("schedule", ""))) + 1
    if policy not in {"Forbid", "Replace"}:
        message = (
            f"starts further runs beside a slow one, without a bound (concurrencyPolicy {policy}): set it to Forbid or Replace, "
            "or activeDeadlineSeconds"
        )
        raise UnboundedError(message)
    return 1 if policy == "Forbid" else 2


def _counted(kind: str, spec: Mapping[str, Any], nodes: int | None) -> tuple[int, int]:
    """Return the steady pods, and the extra pods at the rollout's peak."""
    if kind == "Pod":
        return 1, 0
    if kind == "CronJob":
        job = spec["jobTemplate"]["spec"]
        return 0, _job_pods(job) * max(_cron_runs(spec), _overlap(job))
    if kind == "Job":
        return 0, _job_pods(spec) * _overlap(spec)
    if kind == "DaemonSet" and nodes is None:
        message = "runs on every node, and the number of nodes is unknown: set `nodes` in the configuration of the rule memory-limit"
        raise UnreadableError(message)
    replicas = (nodes or 0) if kind == "DaemonSet" else _whole(spec.get("replicas"), 1)
    return replicas, _rolling_surge(kind, spec, replicas)


_NOT_COUNTED = ("template", "selector", "volumeClaimTemplates")


def workload(kind: str, manifest: Mapping[str, Any], *, nodes: int | None = None) -> Workload:
    """Return the memory of one declared object.

    Args:
        kind: One of ``POD_KINDS``.
        manifest: The object in Kubernetes' own spelling.
        nodes: Number of nodes, for a DaemonSet; None when unknown.

    Raises:
        UnboundedError: If a container has no limit, or the number of pods has no bound.
        UnreadableError: If it contains no pod, a number cannot be read, or a part that decides memory is unknown at preview.
    """
    try:
        pod = pod_bytes(pod_spec(kind, manifest))
        spec = manifest["spec"]
        if kind == "CronJob":
            job = {key: value for key, value in spec["jobTemplate"]["spec"].items() if key not in _NOT_COUNTED}
            refuse_unknown({**spec, "jobTemplate": {"spec": job}}, "spec")
        elif kind != "Pod":
            refuse_unknown({key: value for key, value in spec.items() if key not in _NOT_COUNTED}, "spec")
        replicas, surge = _counted(kind, spec, nodes)
        return Workload(kind, name_of(manifest), replicas, pod, surge)
    except UnreadableError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        message = f"cannot be read ({type(error).__name__}); compare it with the API reference of {kind}"
        raise UnreadableError(message) from error


def name_of(manifest: Mapping[str, Any]) -> str:
    """Return an object's name; for a name that Kubernetes generates, its prefix."""
    metadata = manifest.get("metadata") or {}
    return str(metadata.get("name") or metadata.get("generateName") or "(no name)")


def autoscaled(workloads: Iterable[Workload], autoscalers: Iterable[Mapping[str, Any]]) -> list[Workload]:
    """Return the workloads, each with at least the maximum number of pods of its autoscaler.

    Args:
        workloads: Workloads of one namespace.
        autoscalers: Its HorizontalPodAutoscalers in Kubernetes' own spelling.

    Raises:
        UnreadableError: If the target of an autoscaler is not among the workloads, so that its pods cannot be added up.
    """
    parts = list(workloads)
    for scaler in autoscalers:
        refuse_unknown(scaler.get("spec"), "spec")
        try:
            spec = scaler["spec"]
            target, most = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]), _whole(spec["maxReplicas"], 1)
        except (KeyError, TypeError, AttributeError) as error:
            message = f"HorizontalPodAutoscaler {name_of(scaler)} has no readable target and maxReplicas ({type(error).__name__})"
            raise UnreadableError(message) from None
        scaled = [at for at, part in enumerate(parts) if (part.kind, part.name) == target]
        if len(scaled) != 1:
            fault = "which this program does not declare" if not scaled else f"of which this program declares {len(scaled)}"
            message = f"HorizontalPodAutoscaler {name_of(scaler)} scales {' '.join(map(str, target))}, {fault}"
            raise UnreadableError(message)
        part = parts[scaled[0]]
        if most > part.replicas:
            parts[scaled[0]] = replace(part, replicas=most, surge=most if part.surge else 0)
    return parts


def total(workloads: Iterable[Workload] | Sequence[Workload], budget: int) -> Total:
    """Add up the memory of a stack.

    Args:
        workloads: All workloads of the stack.
        budget: Allowed memory in bytes.
    """
    return Total(tuple(sorted(workloads, key=lambda part: (-part.steady, part.name))), budget)
