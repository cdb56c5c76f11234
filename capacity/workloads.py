"""The memory of a stack: what its workloads may use when all is calm, and the most they may use while something rolls out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from capacity.pods import UnboundedError, UnreadableError, pod_bytes, pod_spec, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Workload:
    """The memory of one workload, in bytes.

    Attributes:
        kind: Kubernetes kind.
        name: Object name.
        replicas: Pods when calm.
        pod: Effective memory limit of one pod.
        surge: Further pods that may run during its rollout.
    """

    kind: str
    name: str
    replicas: int
    pod: int
    surge: int = 0

    @property
    def steady(self) -> int:
        """Memory when nothing rolls out."""
        return self.replicas * self.pod

    @property
    def peak(self) -> int:
        """The most memory during its own rollout."""
        return (self.replicas + self.surge) * self.pod


@dataclass(frozen=True, slots=True)
class Total:
    """The stack's memory in bytes.

    Attributes:
        workloads: The parts, largest first.
        budget: What all of them together may use.
    """

    workloads: tuple[Workload, ...]
    budget: int

    @property
    def steady(self) -> int:
        """All workloads when calm."""
        return sum(workload.steady for workload in self.workloads)

    @property
    def peak(self) -> int:
        """All workloads rolling out at once: the worst that one change to a stack can cause."""
        return sum(workload.peak for workload in self.workloads)

    @property
    def free(self) -> int:
        """Budget less steady; negative when over."""
        return self.budget - self.steady


def _rolling_surge(kind: str, spec: Mapping[str, Any], replicas: int) -> int:
    """Pods beside the old ones at the worst moment of a rollout: those that shut down count against neither ``maxSurge`` nor availability.

    A Deployment therefore may start every new pod while every old one still shuts down, whatever its ``maxSurge`` (KEP-5882, "Deployment
    Pod Replacement Policy"); only ``Recreate`` waits until they are gone. A StatefulSet waits for each name. A DaemonSet waits on each
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
    """Pods of a Job at the same time: its parallelism, but not more than it has to complete."""
    parallelism = _whole(job.get("parallelism"), 1)
    return min(parallelism, _whole(job["completions"], 1)) if job.get("completions") is not None else parallelism


def _whole(value: Any, absent: int) -> int:  # noqa: ANN401 - a number as JSON has it
    """A number of pods.

    Raises:
        UnreadableError: If it is none.
    """
    if value is None:
        return absent
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value) or value < 0:
        message = "has a number of pods that is no whole number from 0; write one"
        raise UnreadableError(message)
    return int(value)


def _cron_runs(spec: Mapping[str, Any]) -> int:
    """Runs of a CronJob side by side: one with Forbid, and with Replace the old one that still shuts down."""
    policy = spec.get("concurrencyPolicy") or "Allow"
    if spec.get("suspend") is True and policy == "Allow":
        return 1
    if policy not in {"Forbid", "Replace"}:
        message = f"starts its next run beside a slow one, without end (concurrencyPolicy {policy}): set it to Forbid or Replace"
        raise UnboundedError(message)
    return 1 if policy == "Forbid" else 2


def _counted(kind: str, spec: Mapping[str, Any], nodes: int | None) -> tuple[int, int]:
    """Pods when calm, and further ones at the worst moment."""
    if kind == "Pod":
        return 1, 0
    if kind == "CronJob":
        return 0, _job_pods(spec["jobTemplate"]["spec"]) * _cron_runs(spec)
    if kind == "Job":
        return 0, _job_pods(spec)
    if kind == "DaemonSet" and nodes is None:
        message = "runs on every node, and how many there are is not known: set `nodes` in the configuration of the rule memory-limit"
        raise UnreadableError(message)
    replicas = (nodes or 0) if kind == "DaemonSet" else _whole(spec.get("replicas"), 1)
    return replicas, _rolling_surge(kind, spec, replicas)


_NOT_COUNTED = ("template", "selector", "volumeClaimTemplates")


def workload(kind: str, manifest: Mapping[str, Any], *, nodes: int | None = None) -> Workload:
    """The memory of one declared object.

    Args:
        kind: One of POD_KINDS.
        manifest: The object in Kubernetes' own spelling.
        nodes: Nodes of the cluster, which a DaemonSet runs on; None when that is not known.

    Raises:
        UnboundedError: If a container has no limit, or nothing bounds the number of pods.
        UnreadableError: If there is no pod in it, a number cannot be read, or something that decides is not known at preview.
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
    """An object's name; one that Kubernetes will make up counts under its prefix."""
    metadata = manifest.get("metadata") or {}
    return str(metadata.get("name") or metadata.get("generateName") or "(no name)")


def autoscaled(workloads: Iterable[Workload], autoscalers: Iterable[Mapping[str, Any]]) -> list[Workload]:
    """The workloads with as many pods as their autoscaler may ask for, whatever the workload itself declares.

    Args:
        workloads: Of one namespace.
        autoscalers: Its HorizontalPodAutoscalers in Kubernetes' own spelling.

    Raises:
        UnreadableError: For an autoscaler of something that is not among the workloads: what it may start cannot be added up.
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
            what = "which this program does not declare" if not scaled else f"of which this program declares {len(scaled)}"
            message = f"HorizontalPodAutoscaler {name_of(scaler)} scales {' '.join(map(str, target))}, {what}"
            raise UnreadableError(message)
        part = parts[scaled[0]]
        if most > part.replicas:
            parts[scaled[0]] = replace(part, replicas=most, surge=most if part.surge else 0)
    return parts


def total(workloads: Iterable[Workload] | Sequence[Workload], budget: int) -> Total:
    """The sum over a stack.

    Args:
        workloads: Its workloads.
        budget: Allowed memory in bytes.
    """
    return Total(tuple(sorted(workloads, key=lambda part: (-part.steady, part.name))), budget)
