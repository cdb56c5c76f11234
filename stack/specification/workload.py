"""Workloads: a StatefulSet or Deployment with the files of its pods, and its memory and disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from stack.capacity.pods import containers, limit, pod_spec
from stack.capacity.quantity import parse_bytes
from stack.capacity.workloads import workload
from stack.specification import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.specification.manifest import Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One workload of the pipeline.

    Attributes:
        component: Value of the component label; also the name of the workload and of its service account.
        kind: Kind of the Kubernetes object.
        spec: Specification of the object.
        files: Files by ConfigMap name, then file name.
        bounds_disruption: Whether a PodDisruptionBudget limits node drains to one pod at a time.
    """

    component: str
    kind: Literal["StatefulSet", "Deployment"]
    spec: Manifest
    files: Mapping[str, Mapping[str, str]]
    bounds_disruption: bool = False

    @property
    def pod(self) -> Manifest:
        """Pod specification."""
        return pod_spec(self.kind, {"spec": self.spec})

    @property
    def process(self) -> Manifest:
        """Main container of the pod; any others are auxiliary."""
        return self.pod["containers"][0]

    @property
    def memory_bytes(self) -> int:
        """Memory limits of all pods, in bytes; a rollout takes no more, since each pod stops before its successor starts."""
        counted = workload(self.kind, {"metadata": {"name": self.component}, "spec": self.spec})
        return counted.steady

    @property
    def largest_container_bytes(self) -> int:
        """Memory limit of the largest container, in bytes."""
        return max(limit(container) for _role, container in containers(self.pod))

    @property
    def volume_bytes(self) -> int:
        """Size of all volumes, in bytes."""
        claims = self.spec.get("volumeClaimTemplates", [])
        return int(self.spec["replicas"]) * sum(parse_bytes(claim["spec"]["resources"]["requests"]["storage"]) for claim in claims)


def stateful_set(  # noqa: PLR0913 - a StatefulSet has this many independent parts
    component: str,
    pod: Manifest,
    *,
    files: Mapping[str, Mapping[str, str]],
    checksum: str,
    claim: Manifest,
    replicas: int,
    keep_volumes: bool,
    bounds_disruption: bool = False,
) -> Workload:
    """Return a StatefulSet: pods with a name and a volume each.

    Args:
        component: Value of the component label.
        pod: Pod specification.
        files: Files by ConfigMap name, then file name.
        checksum: Digest of all configuration that rolls the pods.
        claim: Volume claim template.
        replicas: Number of pods, all started at once: brokers started one after the other would wait forever for a quorum.
        keep_volumes: Whether volumes survive the deletion of the StatefulSet.
        bounds_disruption: Whether it has a PodDisruptionBudget.
    """
    spec: Manifest = {
        "replicas": replicas,
        "serviceName": f"{component}-headless",
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": manifest.labels(component)},
        "template": manifest.template(component, pod, checksum),
        "volumeClaimTemplates": [claim],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain" if keep_volumes else "Delete", "whenScaled": "Retain"},
    }
    return Workload(component=component, kind="StatefulSet", spec=spec, files=files, bounds_disruption=bounds_disruption)


def deployment(
    component: str,
    pod: Manifest,
    *,
    files: Mapping[str, Mapping[str, str]],
    checksum: str,
    replicas: int = 1,
) -> Workload:
    """Return a Deployment: pods without a volume, all stopped before the first successor starts.

    The memory budget has no room for a further pod, and a rolling Deployment does not wait for a terminating pod.

    Args:
        component: Value of the component label.
        pod: Pod specification.
        files: Files by ConfigMap name, then file name.
        checksum: Digest of all configuration that rolls the pods.
        replicas: Number of pods; several pods have a PodDisruptionBudget.
    """
    spec: Manifest = {
        "replicas": replicas,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": manifest.labels(component)},
        "template": manifest.template(component, pod, checksum),
    }
    return Workload(component=component, kind="Deployment", spec=spec, files=files, bounds_disruption=replicas > 1)
