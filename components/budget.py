"""The memory of a stack: what its workloads may use when all is calm, and the most they may use while something rolls out.

The unit of account is a pod's effective limit by Kubernetes' own rule (Concepts, "Effective Pod requests and limits"): the larger of
the containers' sum and of each init step with the sidecars before it, plus the pod's overhead.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from components.quantity import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Pod")


class UnboundedError(ValueError):
    """A container without a memory limit: nothing can be added up."""


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


def _limit(container: Mapping[str, Any]) -> int:
    limits = (container.get("resources") or {}).get("limits") or {}
    if "memory" not in limits:
        message = f"container {container.get('name', '?')!r} has no memory limit; set resources.limits.memory"
        raise UnboundedError(message)
    return parse_bytes(limits["memory"])


def pod_bytes(spec: Mapping[str, Any]) -> int:
    """Effective memory limit of one pod, in bytes.

    Args:
        spec: A pod specification in Kubernetes' own spelling.

    Raises:
        UnboundedError: If a container has no limit.
    """
    sidecars = 0
    widest_init = 0
    for container in spec.get("initContainers") or []:
        if container.get("restartPolicy") == "Always":
            sidecars += _limit(container)
            widest_init = max(widest_init, sidecars)
        else:
            widest_init = max(widest_init, sidecars + _limit(container))
    running = sidecars + sum(_limit(container) for container in spec.get("containers") or [])
    overhead = parse_bytes((spec.get("overhead") or {}).get("memory", 0))
    return max(running, widest_init) + overhead


def _surge(kind: str, spec: Mapping[str, Any], replicas: int) -> int:
    """Pods beside the old ones at the worst moment of a rollout: those that shut down count against neither ``maxSurge`` nor availability.

    A Deployment therefore may start every new pod while every old one still shuts down, whatever its ``maxSurge`` (KEP-5882, "Deployment
    Pod Replacement Policy"); only ``Recreate`` waits until they are gone. A StatefulSet waits for each name. A DaemonSet waits on each
    node, unless it may surge.
    """
    strategy = spec.get("strategy") or spec.get("updateStrategy") or {}
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return 0
    if kind == "Deployment":
        return replicas
    surge = str((strategy.get("rollingUpdate") or {}).get("maxSurge") or 0)
    return replicas if kind == "DaemonSet" and float(surge.removesuffix("%")) > 0 else 0


def workload(kind: str, manifest: Mapping[str, Any]) -> Workload:
    """The memory of one declared object.

    Args:
        kind: One of WORKLOAD_KINDS.
        manifest: The object in Kubernetes' own spelling.

    Raises:
        UnboundedError: If a container has no limit.
        ValueError: If a quantity cannot be read.
    """
    name = manifest["metadata"]["name"]
    spec = manifest["spec"]
    if kind == "Pod":
        return Workload(kind, name, 1, pod_bytes(spec))
    if kind == "CronJob":
        job = spec["jobTemplate"]["spec"]
        side_by_side = 2 if spec.get("concurrencyPolicy", "Allow") == "Allow" else 1
        return Workload(kind, name, 0, pod_bytes(job["template"]["spec"]), int(job.get("parallelism", 1)) * side_by_side)
    if kind == "Job":
        return Workload(kind, name, 0, pod_bytes(spec["template"]["spec"]), int(spec.get("parallelism", 1)))
    replicas = int(spec.get("replicas", 1))
    return Workload(kind, name, replicas, pod_bytes(spec["template"]["spec"]), _surge(kind, spec, replicas))


def autoscaled(workloads: Iterable[Workload], autoscalers: Iterable[Mapping[str, Any]]) -> list[Workload]:
    """The workloads with as many pods as their autoscaler may ask for, whatever the workload itself declares.

    Args:
        workloads: Of one namespace.
        autoscalers: Its HorizontalPodAutoscalers in Kubernetes' own spelling.

    Raises:
        ValueError: For an autoscaler of something that is not among the workloads: what it may start cannot be added up.
    """
    known = {(part.kind, part.name): part for part in workloads}
    for scaler in autoscalers:
        spec = scaler["spec"]
        target = (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"])
        if target not in known:
            message = f"HorizontalPodAutoscaler {scaler['metadata']['name']} scales {' '.join(target)}, which this program does not declare"
            raise ValueError(message)
        part, most = known[target], int(spec["maxReplicas"])
        if most > part.replicas:
            known[target] = replace(part, replicas=most, surge=most if part.surge else 0)
    return list(known.values())


def total(workloads: Iterable[Workload] | Sequence[Workload], budget: int) -> Total:
    """The sum over a stack.

    Args:
        workloads: Its workloads.
        budget: Allowed memory in bytes.
    """
    return Total(tuple(sorted(workloads, key=lambda part: (-part.steady, part.name))), budget)
