"""Readiness of objects, and the messages about pods that are not ready; without a cluster."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from sandbox import rollout
from sandbox.kubernetes import Kube, KubeError


class Cluster:
    """A cluster that answers from a test's data."""

    def __init__(self, **objects: list[dict[str, Any]]) -> None:
        """Hold lists of objects by kind."""
        self.objects = objects

    def list(self, kind: str, namespace: str | None, labels: str = "", fields: str = "") -> Any:  # noqa: ARG002 - the client's shape
        return self.objects.get(kind, [])

    def read(self, kind: str, namespace: str | None, name: str) -> Any:  # noqa: ARG002 - the client's shape
        return next((item for item in self.objects.get(kind, []) if item["metadata"]["name"] == name), None)

    def logs(self, *_: Any, previous: bool = False) -> list[str]:
        return ["last words"] if previous else []


def cluster(**objects: Any) -> Kube:
    return cast("Kube", Cluster(**objects))


def live(kind: str, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "a", "namespace": "n", "generation": 2, "uid": "u"}, "spec": spec, "status": status}


READY_SET = {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "updateRevision": "b", "currentRevision": "b"}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, ""),
        ({"observedGeneration": 1}, "the controller to notice"),
        ({"readyReplicas": 2}, "2 of 3 pods ready"),
        ({"currentRevision": "a", "updatedReplicas": 1}, "1 of the newest revision"),
        ({"replicas": 4}, "3 of 3 pods ready"),
    ],
)
def test_a_stateful_set_is_ready_with_all_pods_of_the_newest_revision(change: dict[str, Any], missing: str) -> None:
    verdict = rollout.stateful_set(cluster(), live("StatefulSet", {**READY_SET, **change}, replicas=3))
    assert verdict.ready is not bool(missing)
    assert missing in verdict.reason


READY_DEPLOYMENT = {"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}


@pytest.mark.parametrize(
    ("change", "ready"),
    [
        ({}, True),
        ({"observedGeneration": 1}, False),
        ({"availableReplicas": 0}, False),
        ({"updatedReplicas": 0}, False),
        ({"replicas": 2}, False),
    ],
)
def test_a_deployment_is_ready_when_no_old_pod_is_left(change: dict[str, Any], ready: bool) -> None:  # noqa: FBT001 - a table's column
    assert rollout.deployment(cluster(), live("Deployment", {**READY_DEPLOYMENT, **change}, replicas=1)).ready is ready


@pytest.mark.parametrize(
    ("spec", "ready"),
    [
        ({"type": "ExternalName"}, True),
        ({"clusterIP": "None", "selector": {"a": "b"}}, True),
        ({"clusterIP": "10.0.0.1"}, True),
        ({"clusterIP": "10.0.0.1", "selector": {"a": "b"}}, False),
    ],
)
def test_only_a_service_that_selects_pods_waits_for_them(spec: dict[str, Any], ready: bool) -> None:  # noqa: FBT001 - a table's column
    assert rollout.service(cluster(), live("Service", {}, **spec)).ready is ready


@pytest.mark.parametrize(("condition", "ready"), [({"ready": True}, True), ({"ready": False}, False), ({}, True)])
def test_an_endpoint_without_a_ready_condition_counts_as_ready(condition: dict[str, Any], ready: bool) -> None:  # noqa: FBT001 - a table's column
    slices = [{"endpoints": [{"conditions": condition}]}, {"endpoints": None}]
    assert rollout.service(cluster(EndpointSlice=slices), live("Service", {}, selector={"a": "b"})).ready is ready


def test_a_claim_may_wait_for_its_first_pod() -> None:
    late = [{"metadata": {"name": "slow"}, "volumeBindingMode": "WaitForFirstConsumer"}]
    assert rollout.claim(cluster(StorageClass=late), live("PersistentVolumeClaim", {"phase": "Pending"}, storageClassName="slow")).ready
    assert not rollout.claim(cluster(), live("PersistentVolumeClaim", {"phase": "Pending"}, storageClassName="slow")).ready
    assert rollout.claim(cluster(), live("PersistentVolumeClaim", {"phase": "Bound"})).ready


def pod(status: dict[str, Any], age_s: float = 0) -> dict[str, Any]:
    created = datetime.fromtimestamp(time.time() - age_s, UTC).isoformat()
    return {"metadata": {"name": "a-0", "namespace": "n", "uid": "p", "creationTimestamp": created}, "status": status}


def trouble(status: dict[str, Any], age_s: float = 0) -> rollout.Trouble:
    found = rollout.pod_trouble(
        cluster(Pod=[pod(status, age_s)]), live("StatefulSet", {}, replicas=1, selector={"matchLabels": {"a": "b"}}), time.time() - 1
    )
    assert found is not None
    return found


def container(**facts: Any) -> dict[str, Any]:
    return {"phase": "Running", "containerStatuses": [{"name": "c", "ready": False, **facts}]}


OOM = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node has room"}
BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff"}}


@pytest.mark.parametrize(
    ("status", "reason", "fatal"),
    [
        (container(state=OOM), "OOMKilled", True),
        (container(state={"running": {}}, lastState=OOM), "OOMKilled", True),
        (container(state=BACK_OFF, restartCount=2), "CrashLoopBackOff", False),
        (container(state=BACK_OFF, restartCount=3), "CrashLoopBackOff", True),
        (container(state={"waiting": {"reason": "ImagePullBackOff"}}), "ImagePullBackOff", True),
        (container(state={"waiting": {"reason": "ErrImagePull"}}), "ErrImagePull", False),
        (container(state={"waiting": {"reason": "CreateContainerConfigError"}}), "CreateContainerConfigError", False),
        (container(state={"running": {}}), "running, not ready yet", False),
        ({"phase": "Pending", "initContainerStatuses": [{"name": "format", "state": {"running": {}}}]}, "format at work", False),
        (
            {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no"}]},
            "Unschedulable",
            False,
        ),
        ({"phase": "Pending"}, "containers being made", False),
    ],
)
def test_the_reason_comes_from_the_pods_status(status: dict[str, Any], reason: str, fatal: bool) -> None:  # noqa: FBT001 - a table's column
    found = trouble(status)
    assert (found.reason, found.fatal, found.older) == (reason, fatal, False)


def test_a_pod_older_than_the_wait_is_recognised() -> None:
    """It gets a fresh start instead of an error."""
    assert trouble(container(state=BACK_OFF, restartCount=9), age_s=60).older


def test_a_ready_pod_is_no_problem() -> None:
    ready = pod({"conditions": [{"type": "Ready", "status": "True"}]})
    workload = live("StatefulSet", {}, replicas=1, selector={"matchLabels": {"a": "b"}})
    assert rollout.pod_trouble(cluster(Pod=[ready]), workload, 0) is None


def test_a_failure_names_pod_reason_events_and_last_words() -> None:
    event = {"reason": "BackOff", "message": "restarting", "metadata": {}, "lastTimestamp": "2026-11-21T12:00:00Z"}
    found = trouble(container(state=BACK_OFF, restartCount=3, lastState={"terminated": {"exitCode": 1}}))
    text = str(rollout.failure(cluster(Event=[event]), "StatefulSet", "n", "a", found, "given up: 0 of 1 pods ready"))
    assert text.splitlines() == [
        "StatefulSet a did not become ready",
        "  given up: 0 of 1 pods ready",
        "  pod: a-0",
        "  reason: CrashLoopBackOff (container c ended with exit code 1, 3 restarts)",
        "  event: BackOff: restarting",
        "  log of c: last words",
    ]


@pytest.mark.parametrize("status", ["True", "False", "Unknown"])
def test_a_node_is_ready_when_it_says_so(status: str) -> None:
    node = live("Node", {"conditions": [{"type": "MemoryPressure", "status": "True"}, {"type": "Ready", "status": status}]})
    assert rollout.JUDGES["Node"](cluster(), node).ready is (status == "True")


@pytest.mark.parametrize(
    ("status", "message", "immutable"),
    [
        (422, "spec.clusterIP: Invalid value: field is immutable", True),
        (422, "port must be a number", False),
        (409, "field is immutable", False),
    ],
)
def test_immutable_fields_are_recognised(status: int, message: str, immutable: bool) -> None:  # noqa: FBT001 - a table's column
    assert KubeError(message, status).immutable is immutable
