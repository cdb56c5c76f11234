"""Checks of the Prometheus Operator: are the stack's kinds of objects served, and does the existing Prometheus choose them?

The meaning of a missing selector is the operator's: without one for objects, a Prometheus chooses none; without one for namespaces, it
chooses among its own namespace's (https://prometheus-operator.dev/docs/api-reference/api/, PrometheusSpec).
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import yaml

from pipeline.checks.check import SEE_ABOVE, failure, fine, unseen, warning
from pipeline.doctor.facts import Choice, Operator, Prometheus
from policy.guarded import selects
from stack.specification.monitoring.operator import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.checks.check import Finding
    from pipeline.doctor.facts import Cluster, ClusterRequirements, OperatorRequirements

GROUP, _VERSION = API_VERSION.split("/")
_NOT_FOUND, _FORBIDDEN = 404, 403
# Label that Kubernetes puts on every namespace; its value is the name
_NAME: Final = "kubernetes.io/metadata.name"
# Kind to the fields of a Prometheus object that choose its objects, and their namespaces
_FIELDS: Final = {
    "PodMonitor": ("podMonitorSelector", "podMonitorNamespaceSelector"),
    "PrometheusRule": ("ruleSelector", "ruleNamespaceSelector"),
}


def plural(kind: str) -> str:
    """Return the name of a kind of the operator in requests."""
    return f"{kind.lower()}s"


def look(api: Any, wanted: OperatorRequirements, seconds: float) -> Operator:  # noqa: ANN401 - a client without types
    """Read which kinds of the operator are served, and what the Prometheus of a namespace chooses.

    Args:
        api: Client of the cluster.
        wanted: The stack's requirements.
        seconds: Time limit of each request, in seconds.
    """
    from kubernetes import client  # noqa: PLC0415 - takes a second to load; needed for a cluster only

    custom, core = client.CustomObjectsApi(api), client.CoreV1Api(api)
    served = _answer(partial(custom.get_api_resources, GROUP, _VERSION), seconds)
    namespace = _answer(partial(core.read_namespace, wanted.namespace), seconds)
    prometheuses: tuple[Prometheus, ...] | None = ()
    try:
        listed = _answer(partial(custom.list_namespaced_custom_object, GROUP, _VERSION, wanted.existing.namespace, "prometheuses"), seconds)
        prometheuses = tuple(map(_prometheus, listed["items"])) if listed else ()
    except client.ApiException as error:
        if error.status != _FORBIDDEN:
            raise
        prometheuses = None
    return Operator(
        served=frozenset(one.kind for one in served.resources) if served else frozenset(),
        prometheuses=prometheuses,
        namespace_labels=(namespace.metadata.labels if namespace else None) or {},
    )


def _answer(ask: Callable[..., Any], seconds: float) -> Any:  # noqa: ANN401 - as above
    """Return an answer, or None if there is nothing of that name."""
    from kubernetes import client  # noqa: PLC0415 - as above

    try:
        return ask(_request_timeout=seconds)
    except client.ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _prometheus(found: Mapping[str, Any]) -> Prometheus:
    spec = found.get("spec") or {}
    choices = {kind: Choice(objects=spec.get(objects), namespaces=spec.get(spaces)) for kind, (objects, spaces) in _FIELDS.items()}
    return Prometheus(name=found["metadata"]["name"], choices=choices)


def judgements(place: ClusterRequirements) -> dict[str, Callable[[Cluster], Finding]]:
    """Return the checks of a stack by name; none without the operator."""
    if place.operator is None:
        return {}
    by_kind = {f"{kind} objects": partial(chosen, kind=kind, place=place, wanted=place.operator) for kind in place.operator.kinds}
    return {"Prometheus Operator": partial(kinds, place=place, wanted=place.operator), **by_kind}


def kinds(cluster: Cluster, place: ClusterRequirements, wanted: OperatorRequirements) -> Finding:
    """Check whether the cluster serves each kind that the program declares."""
    missing = [kind for kind in wanted.kinds if kind not in _seen(cluster).served]
    if missing:
        return failure(
            f"the cluster serves no {', '.join(missing)} of {API_VERSION}",
            "install the operator (https://prometheus-operator.dev/docs/getting-started/installation/), or set monitoring.kind to files in "
            f"Pulumi.{place.stack}.yaml",
        )
    return fine(f"{', '.join(wanted.kinds)} of {API_VERSION} are served")


def chosen(cluster: Cluster, kind: str, place: ClusterRequirements, wanted: OperatorRequirements) -> Finding:
    """Check whether the existing Prometheus chooses the stack's objects of a kind; if not, ``up`` works and nothing is read.

    Args:
        cluster: The cluster.
        kind: Kind of the objects.
        place: The stack's requirements.
        wanted: Those for the operator.
    """
    operator, where = _seen(cluster), wanted.existing.namespace
    if kind not in operator.served:
        return unseen(SEE_ABOVE)
    kubectl = f"kubectl --context {place.settings.context} --namespace {where}"
    if operator.prometheuses is None:
        return warning(
            f"these credentials may not list the Prometheus objects of {where}, so their choice is unknown",
            f"use credentials that may list them, and read {' and '.join(_FIELDS[kind])}: {kubectl} get prometheuses --output yaml",
        )
    if not operator.prometheuses:
        return warning(
            f"no Prometheus object is in {where}",
            f"kubectl --context {place.settings.context} get prometheuses --all-namespaces, then set monitoring.external.namespace in "
            f"Pulumi.{place.stack}.yaml to its namespace",
        )
    reasons = {one.name: _refusal(operator, one, kind, place, wanted) for one in operator.prometheuses}
    takers = [name for name, reason in reasons.items() if reason is None]
    if takers:
        return fine(f"{', '.join(f'{where}/{name}' for name in takers)} chooses them")
    told = [reason for reason in reasons.values() if reason]
    return warning("; ".join(why for why, _ in told), "\n".join(dict.fromkeys(cure for _, cure in told)))


def _seen(cluster: Cluster) -> Operator:
    return cluster.operator or Operator(served=frozenset(), prometheuses=(), namespace_labels={})


def _refusal(
    operator: Operator, prometheus: Prometheus, kind: str, place: ClusterRequirements, wanted: OperatorRequirements
) -> tuple[str, str] | None:
    """Return why a Prometheus does not choose the objects of a kind, with the cure; None if it does."""
    choice, (field, spaces), existing = prometheus.choices[kind], _FIELDS[kind], wanted.existing
    who, patch = f"{existing.namespace}/{prometheus.name}", partial(_patch, prometheus, place, wanted)
    labels = next(one.labels for one in wanted.objects if one.kind == kind)
    if choice.objects is None:
        return f"{who} has no {field}, so it chooses no {kind}", patch(field, existing.labels or labels)
    if not selects(choice.objects, labels):
        asked = choice.objects.get("matchLabels") or {}
        sure = selects(choice.objects, {**labels, **asked})
        wished = _flow({**existing.labels, **asked}) if sure else f"labels that {field} asks for"
        return (
            f"{who} chooses a {kind} by {shown(choice.objects)} ({field}), and the stack's have {shown({'matchLabels': labels})}",
            f"set monitoring.external.labels in Pulumi.{place.stack}.yaml to {wished}",
        )
    if choice.namespaces is None:
        if existing.namespace == wanted.namespace:
            return None
        return (
            f"{who} chooses a {kind} of its own namespace only (no {spaces}), and the stack's are in {wanted.namespace}",
            patch(spaces, {_NAME: wanted.namespace}),
        )
    of_namespace = {**wanted.namespace_labels, **operator.namespace_labels, _NAME: wanted.namespace}
    if not selects(choice.namespaces, of_namespace):
        return (
            f"{who} chooses a {kind} of namespaces with {shown(choice.namespaces)} ({spaces}), and {wanted.namespace} is none",
            f"kubectl --context {place.settings.context} label namespace {wanted.namespace} KEY=VALUE, once it exists, as {spaces} asks",
        )
    return None


def _patch(prometheus: Prometheus, place: ClusterRequirements, wanted: OperatorRequirements, field: str, labels: Mapping[str, str]) -> str:
    """Return the command that gives a Prometheus a selector which it has not."""
    change = json.dumps({"spec": {field: {"matchLabels": dict(labels)}}})
    kubectl = f"kubectl --context {place.settings.context} --namespace {wanted.existing.namespace}"
    return f"{kubectl} patch prometheus {prometheus.name} --type merge --patch '{change}', or the same where its chart's values are"


def _flow(labels: Mapping[str, str]) -> str:
    return yaml.safe_dump(dict(labels), default_flow_style=True, width=1000).strip()


def shown(selector: Mapping[str, Any]) -> str:
    """Return a label selector as kubectl writes it; an empty one selects everything."""
    forms = {"In": "{} in ({})", "NotIn": "{} notin ({})", "Exists": "{}", "DoesNotExist": "!{}"}
    equal = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    others = [
        forms[one["operator"]].format(one["key"], ", ".join(one.get("values") or ())) for one in selector.get("matchExpressions") or ()
    ]
    return ", ".join([*equal, *others]) or "any label"
