"""Readiness of an object and, for an object that is not ready, the pod to blame and the reason."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_CRASHES_BEFORE_GIVING_UP: Final = 3
_HOPELESS_WAITS: Final = frozenset({"ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RunContainerError"})
# The API writes creation times in whole seconds.
_CLOCK_STEP_S: Final = 2.0


class Reader(Protocol):
    """Reads what a judgement needs of a cluster."""

    def read(self, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Give one object, or None."""

    def list(self, kind: str, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[dict[str, Any]]:
        """Give the objects that selectors of labels and fields leave."""

    def logs(self, namespace: str, pod: str, container: str, lines: int = 15, *, previous: bool = False) -> Sequence[str]:
        """Give the last lines of a container."""


class NotReadyError(RuntimeError):
    """An object did not become ready; the message is a block with pod, reason, events and log lines."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Readiness of an object, and what is missing."""

    ready: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """The pod that holds a workload up.

    Attributes: `pod` is empty when none could be created; `fatal` means that waiting cannot help; `refused_for_s` is
    how long pods have been refused, in seconds; `older` means that the pod was there before this wait: a fresh one may
    do better, and of an old revision that is broken only a deletion gets rid (kubernetes/kubernetes#67250).
    """

    pod: str
    container: str
    reason: str
    detail: str
    fatal: bool = False
    refused_for_s: float = 0.0
    older: bool = False
    uid: str = ""

    @property
    def summary(self) -> str:
        """Say it in one line."""
        place = self.pod or "no pod yet"
        return f"{place}: {self.reason}" + (f" ({self.detail})" if self.detail else "")

    def hopeless(self, patience_s: float) -> bool:
        """Tell whether to stop waiting; refusals may pass, for `patience_s` seconds."""
        return self.fatal or self.refused_for_s > patience_s


def stateful_set(_kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a StatefulSet: observed, all pods of the newest revision, all ready."""
    wanted, status = live["spec"].get("replicas", 1), live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return Verdict(ready=False, reason="the controller to notice the change")
    updated = wanted if status.get("updateRevision") == status.get("currentRevision") else status.get("updatedReplicas", 0)
    ready = status.get("readyReplicas", 0)
    if min(updated, ready) < wanted or status.get("replicas", 0) != wanted:
        return Verdict(ready=False, reason=f"{ready} of {wanted} pods ready, {updated} of the newest revision")
    return Verdict(ready=True)


def deployment(_kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a Deployment: observed, all pods of the newest template, all available, none left over."""
    wanted, status = live["spec"].get("replicas", 1), live.get("status", {})
    if status.get("observedGeneration", 0) < live["metadata"]["generation"]:
        return Verdict(ready=False, reason="the controller to notice the change")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if min(updated, available) < wanted or status.get("replicas", 0) != wanted:
        return Verdict(ready=False, reason=f"{available} of {wanted} pods available, {updated} of the newest template")
    return Verdict(ready=True)


def service(kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a Service: a ready endpoint, unless nothing selects pods for it."""
    spec, metadata = live["spec"], live["metadata"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return Verdict(ready=True)
    slices = kube.list("EndpointSlice", metadata["namespace"], labels=f"kubernetes.io/service-name={metadata['name']}")
    endpoints = [endpoint for part in slices for endpoint in part.get("endpoints") or []]
    ready = [endpoint for endpoint in endpoints if endpoint.get("conditions", {}).get("ready", True)]
    return Verdict(ready=bool(ready), reason="a ready pod behind the Service")


def claim(kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a claim: bound, or of a class that waits for the first pod."""
    if live.get("status", {}).get("phase") == "Bound":
        return Verdict(ready=True)
    storage = kube.read("StorageClass", None, live["spec"].get("storageClassName", ""))
    late = storage is not None and storage.get("volumeBindingMode") == "WaitForFirstConsumer"
    return Verdict(ready=late, reason="a volume to be bound")


def namespace(_kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a namespace: active."""
    return Verdict(ready=live.get("status", {}).get("phase") == "Active", reason="the namespace to be active")


def node(_kube: Reader, live: Mapping[str, Any]) -> Verdict:
    """Judge a node: it may be given pods."""
    return Verdict(ready=says_ready(live), reason="the node to be ready")


def present(_kube: Reader, _live: Mapping[str, Any]) -> Verdict:
    """Judge a kind that is ready by being there."""
    return Verdict(ready=True)


JUDGES: Final[dict[str, Callable[[Reader, Mapping[str, Any]], Verdict]]] = {
    "Deployment": deployment,
    "Namespace": namespace,
    "Node": node,
    "PersistentVolumeClaim": claim,
    "Service": service,
    "StatefulSet": stateful_set,
}


def pod_trouble(kube: Reader, live: Mapping[str, Any], since: float) -> Trouble | None:
    """Find what holds a workload or a Service up; events before `since` (epoch seconds) are old news."""
    labels, where = _selector(live), live["metadata"].get("namespace")
    if not labels or where is None:
        return None
    pods = kube.list("Pod", where, labels=",".join(f"{key}={value}" for key, value in sorted(labels.items())))
    for pod in sorted(pods, key=lambda item: str(item["metadata"]["name"])):
        if not says_ready(pod):
            return replace(_trouble_of(kube, pod, since), uid=str(pod["metadata"]["uid"]))
    if live["kind"] == "Service" or len(pods) >= live["spec"].get("replicas", 1):
        return None
    return _refusal(kube, live, since)


def failure(kube: Reader, kind: str, where: str | None, name: str, trouble: Trouble | None, verdict: str) -> NotReadyError:
    """Compose the block a person needs: what, which pod, why, its last events and last log lines."""
    lines = [f"{kind} {name} did not become ready", f"  {verdict}"]
    if trouble is not None:
        lines.append(f"  pod: {trouble.pod or 'none could be created'}")
        lines.append(f"  reason: {trouble.reason}" + (f" ({trouble.detail})" if trouble.detail else ""))
    if where is not None:
        about = f"involvedObject.uid={trouble.uid}" if trouble is not None and trouble.uid else f"involvedObject.name={name}"
        lines += [f"  event: {text[:300]}" for text in warnings(kube, where, about)[-4:]]
    if where is not None and trouble is not None and trouble.container:
        log = kube.logs(where, trouble.pod, trouble.container) or kube.logs(where, trouble.pod, trouble.container, previous=True)
        lines += [f"  log of {trouble.container}: {text[:300]}" for text in log]
    return NotReadyError("\n".join(lines))


def warnings(kube: Reader, where: str, about: str, since: float = 0.0) -> list[str]:
    """Give the warning events that a field selector finds, oldest first, as `Reason: message`."""
    events = kube.list("Event", where, fields=f"{about},type=Warning")
    recent = [event for event in events if _happened(event) >= since]
    return [f"{event.get('reason')}: {event.get('message')}" for event in sorted(recent, key=_happened)]


def _selector(live: Mapping[str, Any]) -> dict[str, str]:
    selector = live.get("spec", {}).get("selector") or {}
    labels: dict[str, str] = selector.get("matchLabels", {}) if live["kind"] != "Service" else selector
    return labels


def says_ready(live: Mapping[str, Any]) -> bool:
    """Tell whether a pod or a node says of itself that it is ready."""
    conditions = live.get("status", {}).get("conditions", [])
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def _trouble_of(kube: Reader, pod: Mapping[str, Any], since: float) -> Trouble:
    status, name = pod.get("status", {}), pod["metadata"]["name"]
    if "deletionTimestamp" in pod["metadata"]:
        return Trouble(pod=name, container="", reason="being removed", detail="")
    containers = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    for container in containers:
        found = _container_trouble(name, container)
        if found is not None:
            created = datetime.fromisoformat(pod["metadata"]["creationTimestamp"]).timestamp()
            return replace(found, older=created < since - _CLOCK_STEP_S)
    unscheduled = [item for item in status.get("conditions", []) if item["type"] == "PodScheduled" and item["status"] != "True"]
    if unscheduled:
        return Trouble(pod=name, container="", reason=unscheduled[0].get("reason", "Pending"), detail=unscheduled[0]["message"])
    events = warnings(kube, pod["metadata"]["namespace"], f"involvedObject.uid={pod['metadata']['uid']}")
    detail = events[-1][:200] if events else ""
    busy = next((item["name"] for item in containers if not item.get("ready") and "running" in item.get("state", {})), "")
    if status.get("phase") == "Running":
        return Trouble(pod=name, container=busy, reason="running, not ready yet", detail=detail)
    return Trouble(pod=name, container=busy, reason=f"{busy} at work" if busy else "containers being made", detail=detail)


def _container_trouble(pod: str, container: Mapping[str, Any]) -> Trouble | None:
    state, last = container.get("state", {}), container.get("lastState", {})
    name, restarts = container["name"], container.get("restartCount", 0)
    ended = state.get("terminated") or last.get("terminated") or {}
    waiting = state.get("waiting", {})
    if ended.get("reason") == "OOMKilled" and not container.get("ready"):
        detail = f"container {name} needed more memory than its limit, exit code {ended.get('exitCode')}"
        return Trouble(pod=pod, container=name, reason="OOMKilled", detail=detail, fatal=True)
    reason = waiting.get("reason", "")
    if reason == "CrashLoopBackOff":
        detail = f"container {name} ended with exit code {ended.get('exitCode')}, {restarts} restarts"
        given_up = restarts >= _CRASHES_BEFORE_GIVING_UP
        return Trouble(pod=pod, container=name, reason=reason, detail=detail, fatal=given_up)
    if reason in _HOPELESS_WAITS:
        return Trouble(pod=pod, container=name, reason=reason, detail=waiting.get("message", "")[:300], fatal=True)
    if reason and reason not in {"PodInitializing", "ContainerCreating"}:
        return Trouble(pod=pod, container=name, reason=reason, detail=waiting.get("message", "")[:300])
    return None


def _refusal(kube: Reader, live: Mapping[str, Any], since: float) -> Trouble | None:
    """Find out why pods are missing: quota and Pod Security speak through events of the controller."""
    where, name = live["metadata"]["namespace"], live["metadata"]["name"]
    owners = [name]
    if live["kind"] == "Deployment":
        sets = kube.list("ReplicaSet", where)
        owners = [item["metadata"]["name"] for item in sets if _owned(item, live["metadata"]["uid"])]
    for owner in owners:
        refusals = [text for text in warnings(kube, where, f"involvedObject.name={owner}", since) if text.startswith("FailedCreate")]
        if refusals:
            return Trouble(pod="", container="", reason=refusals[-1], detail="", refused_for_s=time.time() - since)
    return None


def _owned(item: Mapping[str, Any], uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in item["metadata"].get("ownerReferences", []))


def _happened(event: Mapping[str, Any]) -> float:
    text = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(str(text)).timestamp()
