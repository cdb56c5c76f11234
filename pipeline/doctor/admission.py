"""Checks of what an existing namespace adds to the pipeline's pods, or refuses of them: sidecars, limit ranges, quotas."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import failure, fine
from pipeline.doctor.facts import Guard, Mark, PodContainer
from stack.capacity.pods import containers
from stack.capacity.quantity import parse_bytes
from stack.settings.names import PART_OF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.checks.check import Finding
    from pipeline.doctor.facts import Cluster, ClusterRequirements
    from stack.specification.workload import Workload

_OTHERS: Final = f"app.kubernetes.io/part-of!={PART_OF}"
# Labels and annotations of a namespace by which a service mesh adds a container to each pod, with the values that do; none: any value
_INJECTING: Final[Mapping[str, tuple[str, ...]]] = {
    "istio-injection": ("enabled",),
    "istio.io/rev": (),
    "linkerd.io/inject": ("enabled", "ingress"),
    "kuma.io/sidecar-injection": ("enabled", "true"),
    "openservicemesh.io/sidecar-injection": ("enabled", "true", "yes"),
    "appmesh.k8s.aws/sidecarInjectorWebhook": ("enabled",),
}
_REQUESTS, _LIMITS = "requests", "limits"
_RESOURCES: Final = ("cpu", "memory")


def marks(labels: Mapping[str, str] | None, annotations: Mapping[str, str] | None) -> tuple[Mark, ...]:
    """Return the labels and annotations of a namespace by which something adds a container to each of its pods."""
    given = (("label", labels or {}), ("annotation", annotations or {}))
    return tuple(
        Mark(kind, key, found[key])
        for kind, found in given
        for key, values in _INJECTING.items()
        if key in found and (not values or found[key] in values)
    )


def look(api: Any, namespace: str, seconds: float) -> tuple[Guard, ...]:  # noqa: ANN401 - a client without types
    """Read the limit ranges and quotas of a namespace, but the pipeline's own.

    Args:
        api: Client of the cluster.
        namespace: Name of the namespace.
        seconds: Time limit of each request, in seconds.
    """
    from kubernetes import client  # noqa: PLC0415 - takes a second to load; needed for a cluster only

    core = client.CoreV1Api(api)
    kinds = {"LimitRange": core.list_namespaced_limit_range, "ResourceQuota": core.list_namespaced_resource_quota}
    # with the API's own names: the client renames what it reads
    return tuple(
        Guard(kind, one.metadata.name, api.sanitize_for_serialization(one.spec))
        for kind, listed in kinds.items()
        for one in listed(namespace, label_selector=_OTHERS, _request_timeout=seconds).items
    )


def of_pods(workloads: Sequence[Workload]) -> tuple[PodContainer, ...]:
    """Return the containers of a stack's pods."""
    return tuple(
        PodContainer(workload.component, one["name"], int(workload.spec["replicas"]), one.get("resources") or {}, stays=role != "init")
        for workload in workloads
        for role, one in containers(workload.pod)
    )


def sidecars(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check whether something adds a container to each pod of the namespace."""
    found, name = cluster.inside.marks, place.namespace
    if not found:
        return fine(f"no known service mesh adds a container to the pods of {name}")
    told = ", ".join(f"the {one.kind} {one.key}={one.value}" for one in found)
    kubectl = f"kubectl --context {place.settings.context}"
    return failure(
        f"{name} has {told}: a service mesh adds a container to each pod, which the memory budget lacks and the network policies cut off",
        "\n".join(f"{kubectl} {'label' if one.kind == 'label' else 'annotate'} namespace {name} {one.key}-" for one in found),
    )


def fits(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check whether the pipeline's containers and pods fit the limit ranges and quotas of the namespace."""
    guards, wrong, cures = cluster.inside.guards, list[str](), list[str]()
    defaults = [item for one in guards if one.kind == "LimitRange" for item in one.spec.get("limits") or [] if item["type"] == "Container"]
    for guard in guards:
        found = list(_of_range(guard, place, defaults) if guard.kind == "LimitRange" else _of_quota(guard, place, defaults))
        if found:
            wrong.append(f"{guard.kind} {guard.name}: {', '.join(dict.fromkeys(found))}")
            kubectl = f"kubectl --context {place.settings.context} --namespace {place.namespace}"
            cures.append(f"{kubectl} edit {guard.kind.lower()} {guard.name}")
    if wrong:
        return failure("; ".join(wrong), "\n".join(cures))
    return fine(f"every pod fits the limits of {place.namespace}" if guards else f"no limits of others in {place.namespace}")


def _of_range(guard: Guard, place: ClusterRequirements, defaults: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for item in guard.spec.get("limits") or []:
        for resource in _RESOURCES:
            least, most = ((item.get(bound) or {}).get(resource) for bound in ("min", "max"))
            for who, needs in _needs(place, item["type"], resource, defaults):
                limit, request = needs.get(_LIMITS), needs.get(_REQUESTS)
                if most is not None and limit is None:
                    yield f"{who} has no limit of {resource}, and one up to {most} is required"
                if most is not None and max(limit or 0, request or 0) > _number(most):
                    yield f"{who} has {_shown(max(limit or 0, request or 0), resource)} of {resource}, and max is {most}"
                if least is not None and request is not None and request < _number(least):
                    yield f"{who} has {_shown(request, resource)} of {resource}, and min is {least}"


def _needs(
    place: ClusterRequirements, kind: str, resource: str, defaults: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, dict[str, Decimal]]]:
    """Yield what each container or each pod takes of a resource, as its request and its limit."""
    if kind == "Container":
        for one in place.containers:
            yield f"container {one.name} of {one.component}", _taken(one, resource, defaults)
    if kind == "Pod":
        for component in dict.fromkeys(one.component for one in place.containers):
            beside = [_taken(one, resource, defaults) for one in place.containers if one.component == component and one.stays]
            parts = [part for part in (_REQUESTS, _LIMITS) if all(part in one for one in beside)]
            yield f"pod of {component}", {part: sum((one[part] for one in beside), Decimal(0)) for part in parts}


def _taken(one: PodContainer, resource: str, defaults: Sequence[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Return request and limit of a container, with what a limit range or the API server adds to it."""
    taken = {part: one.resources[part][resource] for part in (_REQUESTS, _LIMITS) if resource in (one.resources.get(part) or {})}
    if _REQUESTS not in taken and _LIMITS in taken:
        taken[_REQUESTS] = taken[_LIMITS]
    for item in defaults:
        for part, key in ((_LIMITS, "default"), (_REQUESTS, "defaultRequest")):
            if resource in (item.get(key) or {}):
                taken.setdefault(part, item[key][resource])
    return {part: _number(quantity) for part, quantity in taken.items()}


def _of_quota(guard: Guard, place: ClusterRequirements, defaults: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if guard.spec.get("scopes") or guard.spec.get("scopeSelector"):
        return
    for key, hard in (guard.spec.get("hard") or {}).items():
        if key in {"pods", "count/pods"}:
            pods = sum({one.component: one.pods for one in place.containers}.values())
            if pods > _number(hard):
                yield f"the stack has {pods} pods, and {key} is {hard}"
        part, _, resource = key.rpartition(".") if "." in key else (_REQUESTS, "", key)
        if part not in {_REQUESTS, _LIMITS} or resource not in _RESOURCES:
            continue
        taken = [(one, _taken(one, resource, defaults).get(part)) for one in place.containers]
        for one, size in taken:
            if size is None:
                yield f"container {one.name} of {one.component} has no {part}.{resource}, and each needs one where {key} is limited"
        total = sum((size * one.pods for one, size in taken if size is not None and one.stays), Decimal(0))
        if total > _number(hard):
            yield f"all pods have {_shown(total, resource)} of {resource}, and {key} is {hard}"


def _number(quantity: str | int) -> Decimal:
    """Return a quantity as a number: bytes, processors or pods."""
    text = str(quantity)
    try:
        return Decimal(text.removesuffix("m")) / 1000 if text.endswith("m") else Decimal(text)
    except ArithmeticError:
        return Decimal(parse_bytes(text))


def _shown(size: Decimal | int, resource: str) -> str:
    return f"{-(-int(size) // 2**20)}Mi" if resource == "memory" else f"{int(size * 1000)}m"
