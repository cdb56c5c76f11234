"""Memory and volumes of the pipeline's workloads, in MiB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from settings.names import BROKERS
from specification.streaming.connect import worker_mib

if TYPE_CHECKING:
    from settings.model import Settings


@dataclass(frozen=True, slots=True)
class Workload:
    """Size of one workload.

    Attributes:
        pods: Number of pods.
        pod_mib: Memory limit of one pod, in MiB.
        container_mib: Memory limit of the pod's largest container, in MiB.
        storage_mib: Size of one pod's volume, in MiB.
    """

    pods: int
    pod_mib: int
    container_mib: int
    storage_mib: int


def workloads(settings: Settings) -> tuple[Workload, ...]:
    """Workloads that the program creates in the namespace."""
    source, streaming = settings.source, settings.streaming
    kafka, schemas, connect = streaming.kafka, streaming.registry, streaming.connect
    return (
        *([Workload(1, source.memory_mib, source.memory_mib, source.storage_mib)] if source.is_managed else []),
        *([Workload(BROKERS, kafka.memory_mib, kafka.memory_mib, kafka.storage_mib)] if kafka.is_managed else []),
        *([Workload(1, schemas.memory_mib, schemas.memory_mib, 0)] if schemas.is_managed else []),
        Workload(connect.workers, connect.memory_mib, worker_mib(connect), 0),
    )


def memory_used_mib(settings: Settings) -> int:
    """Memory limits of all pods, in MiB; no rollout exceeds them, since every workload stops a pod before it starts the next."""
    return sum(workload.pods * workload.pod_mib for workload in workloads(settings))


def largest_container_mib(settings: Settings) -> int:
    """Memory limit of the largest container, in MiB."""
    return max(workload.container_mib for workload in workloads(settings))


def volumes_mib(settings: Settings) -> int:
    """Size of all volumes, in MiB."""
    return sum(workload.pods * workload.storage_mib for workload in workloads(settings))
