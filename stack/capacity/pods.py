"""Memory of one pod by Kubernetes' own rule (Concepts, "Effective Pod requests and limits").

It is the largest of the containers' sum and of each init step with the sidecars before it, plus the pod's overhead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stack.capacity.quantity import parse_bytes
from stack.unknown import unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

# All built-in kinds that start pods.
POD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Pod")


# Bytes; a smaller memory limit has a wrong unit.
LEAST = 1024 * 1024


class UnreadableError(ValueError):
    """A specification without a readable number, so that totals cannot be computed."""


class UnboundedError(UnreadableError):
    """A quantity without an upper bound."""


class NoLimitError(UnboundedError):
    """A container without a memory limit: it can take all memory of the node."""


class LimitError(UnreadableError):
    """A container's memory limit that is not a valid quantity."""


def pod_spec(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the pod specification inside an object of one of ``POD_KINDS``.

    Raises:
        UnreadableError: If the object has none, or a part of it is unknown until deployment.
    """
    spec, inside = lenient_spec(kind, manifest), ".".join(_inside(kind))
    if spec is None or not spec.get("containers"):
        message = f"has no readable {inside}.containers; declare the complete pod, with values that are known at preview"
        raise UnreadableError(message)
    refuse_unknown(_counted(spec), inside)
    return spec


def _inside(kind: str) -> tuple[str, ...]:
    """Return the path of the pod specification inside an object of a kind."""
    return {"Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec")}.get(kind, ("spec", "template", "spec"))


def refuse_unknown(value: Any, path: str) -> None:  # noqa: ANN401 - any JSON value
    """Raise ``UnreadableError`` with the paths that are unknown until deployment."""
    unknown = list(unknown_paths(value, path))
    if unknown:
        message = f"{', '.join(unknown)} is not known at preview; set a plain value instead of another resource's output"
        raise UnreadableError(message)


def _counted(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a pod that decide its memory; values of environment variables, such as secrets, may be unknown."""
    counted: dict[str, Any] = {key: spec[key] for key in ("resources", "overhead") if key in spec}
    for place in ("initContainers", "containers"):
        listed = spec.get(place) or []
        counted[place] = [_of_container(one) for one in listed] if isinstance(listed, (list, tuple)) else listed
    volumes = spec.get("volumes") or []
    counted["volumes"] = [_of_volume(one) for one in volumes] if isinstance(volumes, (list, tuple)) else volumes
    return counted


_CONTAINER = ("name", "resources", "restartPolicy", "command", "args", "envFrom")


def _of_volume(volume: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the parts of a volume that decide memory: its name, and an emptyDir."""
    return {key: item for key, item in volume.items() if key in {"name", "emptyDir"}} if isinstance(volume, Mapping) else volume


def _of_container(container: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the parts of a container that decide memory; the names of its variables must be known, their values need not be."""
    if not isinstance(container, Mapping):
        return container
    counted = {key: item for key, item in container.items() if key in _CONTAINER}
    environment = container.get("env") or []
    counted["env"] = (
        [one.get("name") if isinstance(one, Mapping) else one for one in environment] if isinstance(environment, list) else environment
    )
    mounts = container.get("volumeMounts") or []
    counted["volumeMounts"] = (
        [{key: one.get(key) for key in ("name", "readOnly")} if isinstance(one, Mapping) else one for one in mounts]
        if isinstance(mounts, list)
        else mounts
    )
    return counted


def containers(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield all containers of a pod with their role: ``init``, ``sidecar`` (an init container that continues to run) or ``container``."""
    for container in spec.get("initContainers") or []:
        yield ("sidecar" if container.get("restartPolicy") == "Always" else "init"), container
    for container in spec.get("containers") or []:
        yield "container", container


def declared_limit(container: Mapping[str, Any]) -> int | None:
    """Return a container's memory limit in bytes, or None when it has none.

    Raises:
        UnreadableError: If it cannot be read.
    """
    limits = (container.get("resources") or {}).get("limits") or {}
    return None if limits.get("memory") is None else _positive(limits["memory"], container, "limits")


def declared_request(container: Mapping[str, Any]) -> int | None:
    """Return a container's memory request in bytes, or None when it has none.

    Raises:
        UnreadableError: If it cannot be read.
    """
    requests = (container.get("resources") or {}).get("requests") or {}
    return None if requests.get("memory") is None else _positive(requests["memory"], container, "requests")


def _positive(quantity: Any, container: Mapping[str, Any], part: str) -> int:  # noqa: ANN401 - any JSON value
    failed = LimitError if part == "limits" else UnreadableError
    try:
        size = parse_bytes(quantity)
    except ValueError as error:
        message = f"container {container.get('name', '?')!r}, resources.{part}.memory: {error}"
        raise failed(message) from None
    if size < LEAST:
        message = (
            f"container {container.get('name', '?')!r}: resources.{part}.memory is {size} bytes, too little for any process; "
            "write a unit: Mi is 2**20 bytes, m a thousandth of one"
        )
        raise failed(message)
    return size


def limit(container: Mapping[str, Any]) -> int:
    """Return a container's memory limit in bytes.

    Raises:
        NoLimitError: If it has none.
    """
    size = declared_limit(container)
    if size is None:
        message = f"container {container.get('name', '?')!r} has no memory limit; set resources.limits.memory"
        raise NoLimitError(message)
    return size


def running_bytes(spec: Mapping[str, Any]) -> int:
    """Return the memory of a running pod in bytes: containers and sidecars, without overhead."""
    return sum(limit(container) for role, container in containers(spec) if role != "init")


def starting_bytes(spec: Mapping[str, Any]) -> int:
    """Return the memory of a pod's largest start step in bytes: an init container with the sidecars before it, without overhead."""
    sidecars = widest = 0
    for role, container in containers(spec):
        if role == "sidecar":
            sidecars += limit(container)
            widest = max(widest, sidecars)
        elif role == "init":
            widest = max(widest, sidecars + limit(container))
    return widest


def pod_bytes(spec: Mapping[str, Any]) -> int:
    """Return the effective memory limit of one pod, in bytes.

    A limit of the whole pod (Kubernetes 1.34) stands in for those that its containers lack. It lowers nothing: an older server drops it.

    Args:
        spec: A pod specification in Kubernetes' own spelling.

    Raises:
        NoLimitError: If a container has no limit.
        UnreadableError: If a quantity cannot be read.
    """
    overhead = parse_bytes((spec.get("overhead") or {}).get("memory", 0))
    whole = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
    if whole is not None:
        listed = [declared_limit(container) or 0 for role, container in containers(spec) if role != "init"]
        return max(_positive(whole, {"name": "the whole pod"}, "limits"), sum(listed)) + overhead
    return max(running_bytes(spec), starting_bytes(spec)) + overhead


def memory_volumes(spec: Mapping[str, Any]) -> dict[str, int | None]:
    """Return memory-backed emptyDirs by name: size limit in bytes, or None when one has none.

    Written data counts within the limit of the container that wrote it (Concepts, "Volumes", emptyDir).
    """
    sizes: dict[str, int | None] = {}
    for volume in spec.get("volumes") or []:
        directory = volume.get("emptyDir") or {}
        if directory.get("medium") == "Memory":
            # Kubernetes takes a limit of 0 for none
            size = parse_bytes(directory["sizeLimit"]) if directory.get("sizeLimit") is not None else 0
            sizes[str(volume.get("name", ""))] = size or None
    return sizes


def room(spec: Mapping[str, Any], container: Mapping[str, Any]) -> int | None:
    """Return the memory available to a container's process: its limit, or the rest of the pod's, less its writable memory volumes.

    Returns:
        Bytes, or None without any limit.
    """
    own = declared_limit(container)
    whole = ((spec.get("resources") or {}).get("limits") or {}).get("memory")
    if own is None and whole is not None:
        others = sum(declared_limit(one) or 0 for role, one in containers(spec) if role != "init" and one is not container)
        own = parse_bytes(whole) - others
    return None if own is None else own - mounted_memory(spec, container, own)


def lenient_spec(kind: str, manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the pod specification of an object, even with unknown parts, for rules that do not count; None when it has none."""
    spec: Any = manifest
    for step in _inside(kind):
        spec = spec.get(step) if isinstance(spec, Mapping) else None
    return spec if isinstance(spec, Mapping) else None


def pod_metadata(kind: str, manifest: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return the metadata of an object's pods; None when it has none."""
    holder: Any = manifest
    for step in (*_inside(kind)[:-1], "metadata"):
        holder = holder.get(step) if isinstance(holder, Mapping) else None
    return holder


def mounted_memory(spec: Mapping[str, Any], container: Mapping[str, Any], own: int) -> int:
    """Return how much of a container's limit ``own`` its writable memory-backed volumes may take; all of it without a size limit."""
    volumes = memory_volumes(spec)
    writable = {mount.get("name") for mount in container.get("volumeMounts") or [] if mount.get("readOnly") is not True}
    return sum(own if size is None else size for name, size in volumes.items() if name in writable)
