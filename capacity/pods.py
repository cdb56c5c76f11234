"""The memory of one pod by Kubernetes' own rule (Concepts, "Effective Pod requests and limits").

It is the larger of the containers' sum and of each init step with the sidecars before it, plus the pod's overhead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from capacity.quantity import parse_bytes
from unknown import unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every built-in kind that starts pods.
POD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod")


# Bytes below which a memory limit is a mistake in its unit.
LEAST = 1024 * 1024


class UnreadableError(ValueError):
    """A specification from which no number can be had: nothing can be added up."""


class UnboundedError(UnreadableError):
    """Something without an upper bound."""


class NoLimitError(UnboundedError):
    """A container without a memory limit: it may take what the node has."""


class LimitError(UnreadableError):
    """A container's memory limit that is no quantity."""


def pod_spec(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The pod specification inside an object of one of POD_KINDS.

    Raises:
        UnreadableError: If there is none, or something in it is not known before the deployment.
    """
    found, inside = lenient_spec(kind, manifest), ".".join(_inside(kind))
    if found is None or not found.get("containers"):
        message = f"has no readable {inside}.containers; declare the pod in full, with values that are known at preview"
        raise UnreadableError(message)
    refuse_unknown(_counted(found), inside)
    return found


def _inside(kind: str) -> tuple[str, ...]:
    """Where the pod lies inside an object of a kind."""
    return {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}.get(kind, ("spec", "template", "spec"))


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
        counted[place] = [_of_container(one) for one in found] if isinstance(found, (list, tuple)) else found
    volumes = spec.get("volumes") or []
    counted["volumes"] = [_of_volume(one) for one in volumes] if isinstance(volumes, (list, tuple)) else volumes
    return counted


_CONTAINER = ("name", "resources", "restartPolicy", "command", "args", "envFrom")


def _of_volume(volume: Any) -> Any:  # noqa: ANN401 - as JSON has it
    """What of a volume decides memory: its name, and an emptyDir."""
    return {key: item for key, item in volume.items() if key in {"name", "emptyDir"}} if isinstance(volume, Mapping) else volume


def _of_container(container: Any) -> Any:  # noqa: ANN401 - as JSON has it
    """What of a container decides memory; values of variables may stay unknown, as secrets do, but not which variables there are."""
    if not isinstance(container, Mapping):
        return container
    found = {key: item for key, item in container.items() if key in _CONTAINER}
    environment = container.get("env") or []
    found["env"] = (
        [one.get("name") if isinstance(one, Mapping) else one for one in environment] if isinstance(environment, list) else environment
    )
    mounts = container.get("volumeMounts") or []
    found["volumeMounts"] = (
        [{key: one.get(key) for key in ("name", "readOnly")} if isinstance(one, Mapping) else one for one in mounts]
        if isinstance(mounts, list)
        else mounts
    )
    return found


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
    failed = LimitError if part == "limits" else UnreadableError
    try:
        size = parse_bytes(quantity)
    except ValueError as error:
        message = f"container {container.get('name', '?')!r}, resources.{part}.memory: {error}"
        raise failed(message) from None
    if size < LEAST:
        message = (
            f"container {container.get('name', '?')!r}: resources.{part}.memory is {size} bytes, in which nothing runs; "
            "write a unit: Mi is 2**20 bytes, m a thousandth of one"
        )
        raise failed(message)
    return size


def limit(container: Mapping[str, Any]) -> int:
    """A container's memory limit in bytes.

    Raises:
        NoLimitError: If it has none.
    """
    found = declared_limit(container)
    if found is None:
        message = f"container {container.get('name', '?')!r} has no memory limit; set resources.limits.memory"
        raise NoLimitError(message)
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
        NoLimitError: If a container has no limit.
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


def room(spec: Mapping[str, Any], container: Mapping[str, Any]) -> int | None:
    """What a container's process may take, in bytes: its own limit, or what the pod's leaves, without what it may write to memory volumes.

    Returns:
        Bytes, or None when nothing bounds it.
    """
    own = declared_limit(container)
    whole = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
    if own is None and whole is not None:
        others = sum(declared_limit(one) or 0 for role, one in containers(spec) if role != "init" and one is not container)
        own = parse_bytes(whole) - others
    return None if own is None else own - mounted_memory(spec, container, own)


def lenient_spec(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The pod specification of an object even where parts of it are unknown, for rules that do not count; None when there is none."""
    found: Any = manifest
    for step in _inside(kind):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def mounted_memory(spec: Mapping[str, Any], container: Mapping[str, Any], own: int) -> int:
    """Bytes of a container's limit `own` that the memory-backed volumes it can write may take; without a size limit, all of it."""
    volumes = memory_volumes(spec)
    writable = {mount["name"] for mount in container.get("volumeMounts") or [] if mount.get("readOnly") is not True}
    return sum(own if size is None else size for name, size in volumes.items() if name in writable)
