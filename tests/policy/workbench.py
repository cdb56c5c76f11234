"""A real stack and copies of it with one thing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from tests.policy.judging import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAMESPACE = "data-ingestion"
CONNECTOR = "kafkaconnect:index:Connector"
TOPIC = "kafka:index/topic:Topic"


def extra(kind: str, name: str, spec: dict[str, Any], group: str = "core/v1", namespace: str = NAMESPACE) -> Declared:
    """Return one more Kubernetes object."""
    inputs = {"kind": kind, "apiVersion": group, "metadata": {"name": name, "namespace": namespace}, "spec": spec}
    token = f"kubernetes:{group}:{kind}"
    return Declared(urn=f"urn:pulumi:dev::data-ingestion::{token}::{name}", type=token, name=name, inputs=inputs)


def container(name: str = "extra", memory: str | None = "64Mi", **more: Any) -> dict[str, Any]:
    """Return a container that breaks no rule except by its memory."""
    made: dict[str, Any] = {
        "name": name,
        "image": "localhost/tool:1",
        "command": ["/bin/tool"],
        "resources": {"limits": {"memory": memory}} if memory else {},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    return {**made, **more}


def pod(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a pod around containers."""
    return {"automountServiceAccountToken": False, "containers": list(containers) or [container()], **more}


class Workbench:
    """A stack whose copies are changed one at a time."""

    def __init__(self, resources: Sequence[Declared]) -> None:
        """Work on copies of these resources."""
        self._resources = list(resources)

    def workloads(self) -> list[str]:
        """Return the logical names of all workloads."""
        return [item.name for item in self._resources if item.kind in {"Deployment", "StatefulSet"} and item.is_kubernetes]

    def with_jobs(self) -> list[str]:
        """Return the logical names of all workloads and CronJobs."""
        return [*self.workloads(), *self.of_kind("CronJob")]

    def of_kind(self, kind: str) -> list[str]:
        """Return the logical names of the resources of a kind."""
        return [item.name for item in self._resources if item.kind == kind]

    def containers(self, workload: str) -> list[tuple[str, int, dict[str, Any]]]:
        """Return place, position and content of each container of a workload."""
        spec = pod_of(self._find(self._resources, workload).inputs)
        return [(place, at, one) for place in ("initContainers", "containers") for at, one in enumerate(spec.get(place) or [])]

    @staticmethod
    def _find(resources: Sequence[Declared], name: str, kind: str | None = None) -> Declared:
        (found,) = [item for item in resources if item.name == name and kind in (None, item.kind)]
        return found

    def changed(self, name: str, change: Callable[[Any], None], kind: str | None = None) -> list[Declared]:
        """Return a copy in which the inputs of one resource are changed in place."""
        target = self._find(self._resources, name, kind)
        (fresh,) = copied([target])
        change(fresh.inputs)
        return [fresh if item is target else item for item in self._resources]

    def with_more(self, *resources: Declared) -> list[Declared]:
        """Return a copy with more resources."""
        return [*self._resources, *resources]

    def without(self, *names: str) -> list[Declared]:
        """Return a copy without some resources."""
        return [item for item in self._resources if item.name not in names]

    def inputs(self, name: str) -> Any:
        """Return the inputs of a resource, to read only."""
        return self._find(self._resources, name).inputs


Made = tuple[str, "str | None", list[Declared]]


def job_of(inputs: Any) -> Any:
    """Return the job of a CronJob, or the specification of any other workload."""
    return inputs["spec"]["jobTemplate"]["spec"] if "jobTemplate" in inputs["spec"] else inputs["spec"]


def pod_of(inputs: Any) -> Any:
    """Return the pod of a workload."""
    return job_of(inputs)["template"]["spec"]
