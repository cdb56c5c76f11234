"""Objects that answer under the name of a Service of the pipeline in the place of its pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.nested import at
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared, Record

    Targets = Callable[[Record, Any, str], bool]

_SLICE: Final = "kubernetes.io/service-name"
_CURE: Final = "remove it: Kubernetes itself keeps the addresses of a Service with a selector"


def answering(record: Record, targets: Targets) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield endpoints, names and redirections by which others get the connections of brokers, database, registry or Connect.

    Args:
        record: All declared resources.
        targets: Whether the Service of a namespace and a name sends to guarded pods.
    """
    for one in record.of_kind("Endpoints", "EndpointsPatch", "EndpointSlice", "EndpointSlicePatch"):
        name = _service_of(one)
        if name and targets(record, one.namespace, name):
            yield one, Problem(rule=f"sends connections for the Service {name} to addresses of its own choice", cure=_CURE)
    for one in record.of_kind("Service", "ServicePatch"):
        spec = one.inputs.get("spec")
        if isinstance(spec, Mapping) and spec.get("type") == "ExternalName" and targets(record, one.namespace, one.object_name):
            elsewhere = str(spec.get("externalName"))
            if not _within(record, elsewhere, targets):
                yield one, Problem(rule=f"sends connections for the Service {one.object_name} to {elsewhere}", cure="remove externalName")
    for one in record.of_kind("CiliumLocalRedirectPolicy"):
        matcher = at(one.inputs, "spec", "redirectFrontend", "serviceMatcher")
        name, namespace = at(matcher, "serviceName"), at(matcher, "namespace") or one.namespace
        if name and targets(record, namespace, str(name)):
            yield one, Problem(rule=f"sends connections for the Service {name} to other pods of each node", cure="remove it")


def _within(record: Record, host: str, targets: Targets) -> bool:
    """Return whether a host is a Service of guarded pods again."""
    name, _, rest = host.partition(".")
    return ".svc" in f".{rest}" and targets(record, rest.partition(".")[0], name)


def _service_of(endpoints: Declared) -> str:
    if endpoints.kind.startswith("Endpoints"):
        return endpoints.object_name
    labels = at(endpoints.inputs, "metadata", "labels")
    return str(labels.get(_SLICE) or "") if isinstance(labels, Mapping) else ""
