"""The memory of one pod by Kubernetes' own rule (Concepts, "Effective Pod requests and limits").

It is the larger of the containers' sum and of each init step with the sidecars before it, plus the pod's overhead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from components.known import unknown_paths
from components.quantity import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

POD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod")
"""Every built-in kind that starts pods."""


class UnreadableError(ValueError):
    """A specification from which no number can be had: nothing can be added up."""


class UnboundedError(UnreadableError):
    """A container without a memory limit: it may take what the node has."""


def pod_spec(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod specification inside an object of one of POD_KINDS.

    Raises:
        UnreadableError: If there is none, or something in it is not known before the deployment.
    """
    inside = {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}.get(kind, ("spec", "template", "spec"))
    found: Any = manifest
    for step in inside:
        found = found.get(step) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or not found.get("containers"):
        message = f"has no readable {'.'.join(inside)}.containers; declare the pod in full, with values that are known at preview"
        raise UnreadableError(message)
    refuse_unknown(_counted(found), ".".join(inside))
    return found


def refuse_unknown(value: Any, path: str) -> None:  # noqa: ANN401 - anything as JSON knows it
    """Raise UnreadableError naming what is not known before the deployment."""
    unknown = list(unknown_paths(value, path))
    if unknown:
        message = f"{', '.join(unknown)} is not known at preview; give a plain value in place of another resource's output"
        raise UnreadableError(message)


def _counted(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of a pod that decide its memory; values of environment variables may stay unknown, as secrets do."""
    counted: dict[str, Any] = {key: spec[key] for key in ("resources", "overhead") if key in spec}
    for place in ("initContainers", "containers"):
        found = spec.get(place) or []
        counted[place] = (
            [{key: item for key, item in one.items() if key in _CONTAINER} if isinstance(one, Mapping) else one for one in found]
            if isinstance(found, (list, tuple))
            else found
        )
    counted["volumes"] = [one for one in spec.get("volumes") or [] if "emptyDir" in one] if isinstance(spec.get("volumes"), list) else []
    return counted


_CONTAINER = ("name", "resources", "restartPolicy", "command", "args")


def containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """All containers of a pod with their role: ``init``, ``sidecar`` (an init container that keeps running) or ``container``."""
    for container in spec.get("initContainers") or []:
        yield ("sidecar" if container.get("restartPolicy") == "Always" else "init"), container
    for container in spec.get("containers") or []:
        yield "container", container


def declared_limit(container: Mapping[str, Any]) -> int | None:
    """A container's memory limit in bytes, or None when it has none.

    Raises:
        UnreadableError: If it cannot be read.
    """
    limits = (container.get("resources") or {}).get("limits") or {}
    return None if limits.get("memory") is None else _positive(limits["memory"], container, "limits")


def declared_request(container: Mapping[str, Any]) -> int | None:
    """A container's memory request in bytes, or None when it has none.

    Raises:
        UnreadableError: If it cannot be read.
    """
    requests = (container.get("resources") or {}).get("requests") or {}
    return None if requests.get("memory") is None else _positive(requests["memory"], container, "requests")


def _positive(quantity: Any, container: Mapping[str, Any], part: str) -> int:  # noqa: ANN401 - a quantity as JSON has it
    try:
        size = parse_bytes(quantity)
    except ValueError as error:
        message = f"container {container.get('name', '?')!r}, resources.{part}.memory: {error}"
        raise UnreadableError(message) from None
    if size <= 0:
        message = f"container {container.get('name', '?')!r}: resources.{part}.memory is {quantity}; it must be more than zero"
        raise UnreadableError(message)
    return size


def limit(container: Mapping[str, Any]) -> int:
    """A container's memory limit in bytes.

    Raises:
        UnboundedError: If it has none.
    """
    found = declared_limit(container)
    if found is None:
        message = f"container {container.get('name', '?')!r} has no memory limit; set resources.limits.memory"
        raise UnboundedError(message)
    return found


def running_bytes(spec: Mapping[str, Any]) -> int:
    """What a pod holds once it runs: its containers and its sidecars, without overhead."""
    return sum(limit(container) for role, container in containers(spec) if role != "init")


def starting_bytes(spec: Mapping[str, Any]) -> int:
    """What a pod holds at the widest step of its start: an init container with the sidecars before it, without overhead."""
    sidecars = widest = 0
    for role, container in containers(spec):
        if role == "sidecar":
            sidecars += limit(container)
            widest = max(widest, sidecars)
        elif role == "init":
            widest = max(widest, sidecars + limit(container))
    return widest


def pod_bytes(spec: Mapping[str, Any]) -> int:
    """Effective memory limit of one pod, in bytes. A limit of the pod as a whole (Kubernetes 1.34) takes the place of the containers'.

    Args:
        spec: A pod specification in Kubernetes' own spelling.

    Raises:
        UnboundedError: If a container has no limit.
        UnreadableError: If a quantity cannot be read.
    """
    overhead = parse_bytes((spec.get("overhead") or {}).get("memory", 0))
    whole = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
    if whole is not None:
        return _positive(whole, {"name": "the pod as a whole"}, "limits") + overhead
    return max(running_bytes(spec), starting_bytes(spec)) + overhead


def memory_volumes(spec: Mapping[str, Any]) -> dict[str, int | None]:
    """Memory-backed emptyDirs by name: size limit in bytes, or None when one has none.

    What is written to them is charged to the container that wrote it, within its limit (Concepts, "Volumes", emptyDir).
    """
    found: dict[str, int | None] = {}
    for volume in spec.get("volumes") or []:
        directory = volume.get("emptyDir") or {}
        if directory.get("medium") == "Memory":
            found[volume["name"]] = parse_bytes(directory["sizeLimit"]) if directory.get("sizeLimit") is not None else None
    return found


def mounted_memory(spec: Mapping[str, Any], container: Mapping[str, Any]) -> int:
    """Bytes of a container's limit that the memory-backed volumes it can write may take; without a size limit, all of it."""
    volumes = memory_volumes(spec)
    writable = {mount["name"] for mount in container.get("volumeMounts") or [] if not mount.get("readOnly")}
    return sum(limit(container) if size is None else size for name, size in volumes.items() if name in writable)
