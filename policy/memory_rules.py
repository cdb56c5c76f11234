"""Rules for the memory of each pod: every container has a limit, and the start reserves no unused memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capacity import pods
from capacity.pods import LimitError, NoLimitError, UnreadableError
from capacity.workloads import workload
from policy.kinds import hides_pods, mib, starts_pods
from policy.rule import Rule
from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record


def _bounded(resource: Declared, record: Record) -> Iterator[Problem]:
    hidden = hides_pods(resource)
    if hidden:
        yield Problem(rule=hidden)
    if not starts_pods(resource):
        return
    try:
        spec = pods.pod_spec(resource.kind, resource.inputs)
    except UnreadableError as error:
        yield Problem(rule=str(error))
        return
    for name, size in pods.memory_volumes(spec).items():
        if size is None:
            yield Problem(rule=f"the volume {name!r} in memory has no sizeLimit and may fill the whole pod", cure="set a sizeLimit")
    whole_pod = (spec.get("resources") or {}).get("limits") or {}
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
