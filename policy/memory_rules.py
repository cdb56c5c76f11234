"""Rules for the memory of each pod: every container has a limit, and the start reserves no unused memory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.kinds import hides_pods, mib, starts_pods
from policy.overheads import of_classes
from policy.rule import Rule
from stack.capacity import pods
from stack.capacity.pods import LimitError, NoLimitError, UnreadableError
from stack.capacity.quantity import parse_bytes
from stack.capacity.workloads import workload
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


def _bounded(resource: Declared, record: Record) -> Iterator[Problem]:
    hidden = hides_pods(resource)
    if hidden:
        yield Problem(rule=hidden)
    yield from _readable_overhead(resource)
    if resource.kind in {"Namespace", "NamespacePatch"} and record.limits.owns(resource.object_name):
        yield from _injected(resource.inputs.get("metadata"), _INJECTED_BY_NAMESPACE)
    if starts_pods(resource):
        yield from _counted(resource, record)


def _counted(resource: Declared, record: Record) -> Iterator[Problem]:
    """Yield what keeps the memory of a workload from being added up."""
    try:
        spec = pods.pod_spec(resource.kind, resource.inputs)
    except UnreadableError as error:
        yield Problem(rule=str(error))
        return
    for name, size in pods.memory_volumes(spec).items():
        if size is None:
            yield Problem(rule=f"the volume {name!r} in memory has no sizeLimit and may fill the whole pod", cure="set a sizeLimit")
    whole_pod = (spec.get("resources") or {}).get("limits") or {}
    yield from _outside_the_limits(resource, spec, whole_pod.get("memory"))
    for role, container in pods.containers(spec):
        yield from _container(role, container, whole_pod=whole_pod.get("memory") is not None)
        limit = _limit_or_none(container)
        written = pods.mounted_memory(spec, container, limit) if limit else 0
        if limit and written >= limit:
            yield Problem(
                rule=(
                    f"container {container.get('name')!r} may write {mib(written)} MiB to volumes in memory, which count within its limit "
                    f"of {mib(limit)} MiB"
                ),
                cure=f"lower their sizeLimit by {mib(written - limit // 2)} MiB or raise the limit",
            )
    try:
        workload(resource.kind, resource.inputs, nodes=record.limits.nodes)
    except (NoLimitError, LimitError):
        pass  # _container reports it
    except UnreadableError as error:
        yield Problem(rule=str(error))


# Annotations and labels of a pod by which a controller adds a container, each with the values that switch it off.
_INJECTED = re.compile(
    # cert-manager injects into webhooks; Vault's further keys have an effect beside agent-inject only
    r"((?!cert-manager\.io/|vault\.hashicorp\.com/agent-inject-)[^/\s]+/([\w.-]+[-.])?inject(-\S+)?|[^/\s]+/sidecar-?[iI]nject\S+|"
    r"dapr\.io/enabled|gke-gcsfuse/volumes|injector\.tumblr\.com/request|admission\.datadoghq\.com/enabled)"
)
_INJECTED_BY_NAMESPACE = re.compile(rf"istio-injection|istio\.io/rev|{_INJECTED.pattern}")
_OFF = {"false", "disabled", "no", "off", ""}


def adds_container(key: str) -> bool:
    """Return whether a controller adds a container to a pod with this label or annotation, or to the pods of a namespace with it."""
    return _INJECTED_BY_NAMESPACE.fullmatch(key) is not None


def _readable_overhead(resource: Declared) -> Iterator[Problem]:
    """Yield the overheads of a RuntimeClass that cannot be added to its pods."""
    for name, memory in of_classes(resource):
        try:
            parse_bytes(memory)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            yield Problem(rule=f"the overhead of {name} is not known at preview, or no quantity", cure="set podFixed.memory to a plain one")


def _outside_the_limits(resource: Declared, spec: Mapping[str, Any], whole: str | float | None) -> Iterator[Problem]:
    """Yield memory that the limits of a pod's containers do not show."""
    if whole is not None:
        yield from _below_its_containers(spec, parse_bytes(whole))
    for name, limits in [
        ("the pod", spec.get("resources")),
        *((one.get("name"), one.get("resources")) for _, one in pods.containers(spec)),
    ]:
        quantities = {**((limits or {}).get("requests") or {}), **((limits or {}).get("limits") or {})}
        huge = [key for key, size in quantities.items() if str(key).startswith("hugepages-") and parse_bytes(size) > 0]
        if huge:
            yield Problem(
                rule=f"{', '.join(huge)} of {name!r} take memory of the node beside the memory limit, which no budget counts",
                cure="remove them, and use ordinary pages",
            )
    for volume in spec.get("volumes") or []:
        if str((volume.get("emptyDir") or {}).get("medium") or "").startswith("HugePages"):
            yield Problem(
                rule=f"the volume {volume.get('name')!r} holds huge pages, which no budget counts", cure="set its medium to Memory"
            )
    yield from _injected(pods.pod_metadata(resource.kind, resource.inputs), _INJECTED)


def _injected(metadata: object, keys: re.Pattern[str]) -> Iterator[Problem]:
    """Yield the labels and annotations by which a webhook adds containers."""
    for place in ("annotations", "labels"):
        said = metadata.get(place) if isinstance(metadata, Mapping) else None
        for key, value in said.items() if isinstance(said, Mapping) else ():
            if keys.fullmatch(str(key)) and str(value).lower() not in _OFF:
                yield Problem(
                    rule=f"{key} adds a container that is invisible at preview, so its memory cannot be added up",
                    cure="remove it, and declare the container as a sidecar",
                )


def _below_its_containers(spec: Mapping[str, Any], whole: int) -> Iterator[Problem]:
    """Yield containers with a limit above the whole pod's, which Kubernetes refuses from 1.34 on; older versions drop the pod's."""
    for role, container in pods.containers(spec):
        limit = _limit_or_none(container)
        if limit is not None and limit > whole:
            yield Problem(
                rule=f"{role} {container.get('name')!r} has a limit of {mib(limit)} MiB, above the {mib(whole)} MiB of the whole pod",
                cure=f"lower it to {mib(whole)}Mi, or raise resources.limits.memory of the pod",
            )


def _limit_or_none(container: Mapping[str, Any]) -> int | None:
    try:
        return pods.declared_limit(container)
    except UnreadableError:
        return None


def _container(role: str, container: Mapping[str, Any], *, whole_pod: bool) -> Iterator[Problem]:
    try:
        limit, request = pods.declared_limit(container), pods.declared_request(container)
    except UnreadableError as error:
        yield Problem(rule=str(error))
        return
    name = f"{role} {container.get('name', '?')!r}"
    if limit is None:
        if not whole_pod:
            yield Problem(rule=f"{name} has no memory limit and can take all memory of the node", cure="set resources.limits.memory")
    elif request is not None and request > limit:
        yield Problem(
            rule=f"{name} requests {mib(request)} MiB, more than its limit of {mib(limit)}", cure="lower the request to the limit"
        )


def _start_above_rest(resource: Declared, _record: Record) -> Iterator[Problem]:
    if not starts_pods(resource):
        return
    try:
        spec = pods.pod_spec(resource.kind, resource.inputs)
        running, starting = pods.running_bytes(spec), pods.starting_bytes(spec)
    except UnreadableError:
        return
    if starting > running:
        yield Problem(
            rule=(
                f"its start needs {mib(starting)} MiB and its running containers {mib(running)}: Kubernetes reserves the larger "
                "for the pod's whole life"
            ),
            cure=f"lower the init containers by {mib(starting - running)} MiB, or move their work to the main container",
        )
    main = sum(pods.limit(container) for role, container in pods.containers(spec) if role == "container")
    for role, container in pods.containers(spec):
        size = pods.limit(container)
        if role == "sidecar" and size > main:
            yield Problem(
                rule=(
                    f"the sidecar {container.get('name')!r} may use {mib(size)} MiB, more than all main containers together ({mib(main)})"
                ),
                cure=f"lower it by {mib(size - main)} MiB, or move it to a separate workload",
            )


RULES = (
    Rule(
        name="memory-limit",
        says="Every container has a memory limit that is known at preview, at or above its request.",
        check=_bounded,
        severity="critical",
    ),
    Rule(
        name="memory-start",
        says="A pod's start takes no more memory than its running containers, and no sidecar more than its main containers.",
        check=_start_above_rest,
    ),
)
