"""Nodes of the stack's own pods: demands that none meets, and taints that drive the pods away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.guarded import guarded_pods, selects
from policy.lists import items_of, listed
from policy.nested import at
from policy.postgres_statements import texts
from stack.capacity import pods
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.specification.workload import Workload

_OS: Final = "kubernetes.io/os"
_HOST: Final = "kubernetes.io/hostname"
_DEFAULT_SCHEDULER: Final = "default-scheduler"
_NODES: Final = ("Node", "NodePatch", "NodeList")
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_TAINTING: Final = re.compile(r"\bkubectl\s[^;|&\n]{0,200}?\btaint\s+nodes?\s[^;|&\n]{0,200}?:NoExecute\b(?!-)")


def unfit(spec: Mapping[str, Any], pod: Mapping[str, Any], rendered: Workload, record: Record) -> Iterator[Problem]:
    """Yield what keeps every node, or every scheduler, from a pod of the stack."""
    if listed(pod.get("schedulingGates")):
        yield Problem(
            key="spec.template.spec.schedulingGates", value="set", rule="holds its pods back until something removes it", cure="remove it"
        )
    scheduler = pod.get("schedulerName")
    if scheduler not in {None, _DEFAULT_SCHEDULER} and scheduler != rendered.pod.get("schedulerName"):
        yield Problem(
            key="spec.template.spec.schedulerName",
            value=str(scheduler),
            rule="leaves its pods waiting where no scheduler of this name runs",
            cure="remove it",
        )
    selector, affinity = pod.get("nodeSelector"), pod.get("affinity")
    wanted = {str(key): value for key, value in selector.items()} if isinstance(selector, Mapping) else {}
    if str(wanted.get(_OS, "linux")) != "linux":
        yield _nowhere("spec.template.spec.nodeSelector", f"{_OS}: {wanted[_OS]}", "its images are for Linux")
    if not isinstance(affinity, Mapping):
        return
    required = at(affinity, "nodeAffinity", _REQUIRED)
    terms = items_of(required.get("nodeSelectorTerms")) if isinstance(required, Mapping) else None
    reasons = [_contradiction(one, wanted) for one in terms or []]
    if terms is not None and all(reasons):
        yield _nowhere("spec.template.spec.affinity.nodeAffinity", "required", next(iter(reasons), "") or "it has no term")
    yield from _beside(spec, affinity, record)


def _nowhere(key: str, value: str, why: str) -> Problem:
    return Problem(key=key, value=value, rule=f"fits no node, since {why}", cure="remove it, or name a label that a node has")


def _contradiction(term: object, wanted: Mapping[str, Any]) -> str:
    """Return why no node can have what a term and the node selector want together; empty where one may."""
    if not isinstance(term, Mapping):
        return ""
    said = [one for one in items_of(term.get("matchExpressions")) if isinstance(one, Mapping)]
    if not said and not items_of(term.get("matchFields")):
        return "an empty term fits none"
    known = [one for one in said if not any(isinstance(value, Unknown) for value in items_of(one.get("values")))]
    allowed = _allowed(known, wanted)
    absent = {str(one.get("key")) for one in known if one.get("operator") == "DoesNotExist"}
    present = {*wanted, *(str(one.get("key")) for one in known if one.get("operator") in {"In", "Exists", "Gt", "Lt"})}
    none = next((key for key, values in allowed.items() if not values), None) or min(absent & present, default=None)
    if none is not None:
        return f"what it wants of the label {none} excludes itself"
    return "its images are for Linux" if "linux" not in allowed.get(_OS, {"linux"}) else ""


def _allowed(expressions: list[Mapping[str, Any]], wanted: Mapping[str, Any]) -> dict[str, set[Any]]:
    """Return the values that labels may have, of those for which some are listed."""
    allowed: dict[str, set[Any]] = {key: {value} for key, value in wanted.items() if not isinstance(value, Unknown)}
    for one in sorted(expressions, key=lambda one: str(one.get("operator"))):
        key, values = str(one.get("key")), {*items_of(one.get("values"))}
        if one.get("operator") == "In":
            allowed[key] = allowed.get(key, values) & values
        elif one.get("operator") == "NotIn" and key in allowed:
            allowed[key] -= values
    return allowed


def _beside(spec: Mapping[str, Any], affinity: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    """Judge required pods beside it, which must be declared, and required distance from its own kind, for which nodes must be enough."""
    template = at(spec, "template", "metadata", "labels")
    own = template if isinstance(template, Mapping) else {}
    for term in items_of(at(affinity, "podAffinity", _REQUIRED)):
        if isinstance(term, Mapping) and not term.get("namespaces") and not term.get("namespaceSelector"):
            chosen = term.get("labelSelector")
            if not any(selects(chosen, labels) for labels in (own, *_labels(record))):
                yield _nowhere(
                    "spec.template.spec.affinity.podAffinity", "required", "no pod of this program has the labels beside which it must run"
                )
    replicas = spec.get("replicas", 1)
    for term in items_of(at(affinity, "podAntiAffinity", _REQUIRED)):
        apart = isinstance(term, Mapping) and term.get("topologyKey") == _HOST and selects(term.get("labelSelector"), own)
        nodes = record.limits.nodes
        if apart and nodes is not None and isinstance(replicas, (int, float)) and replicas > nodes:
            why = f"{replicas:.0f} pods that must not share one need more than {nodes}"
            yield _nowhere("spec.template.spec.affinity.podAntiAffinity", "required", why)


def _labels(record: Record) -> Iterator[Mapping[str, Any]]:
    for one in record.of_kind(*POD_KINDS, namespace=record.limits.own):
        metadata = pods.pod_metadata(one.kind, one.inputs)
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        if isinstance(labels, Mapping):
            yield labels


def driven_away(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Yield taints of nodes, and commands that set some, by which pods of the stack are driven from a node, or find none."""
    parts = [one.workload for one in guarded_pods(record) if one.workload is not None and record.limits.owns(one.namespace)]
    closed: list[Declared] = []
    for resource in record.of_kind(*_NODES):
        for node in listed(resource.objects):
            taints = items_of(at(node, "spec", "taints"))
            evicting = next(
                (one for part in parts for one in taints if at(one, "effect") == "NoExecute" and not _tolerates(part, one)), None
            )
            if evicting is not None:
                yield (
                    resource,
                    Problem(
                        key="spec.taints",
                        value=f"{at(evicting, 'key')}:NoExecute",
                        rule="ends every pod of the pipeline on the node at once, past the disruption budgets",
                        cure="set the effect to NoSchedule, and drain the node",
                    ),
                )
            elif at(node, "spec", "unschedulable") is True or any(
                at(one, "effect") == "NoSchedule" and not _tolerates(part, one) for part in parts for one in taints
            ):
                closed.append(resource)
    if parts and record.limits.nodes is not None and len(closed) >= record.limits.nodes:
        yield (
            closed[-1],
            Problem(
                rule=f"closes the last of {record.limits.nodes} nodes to the pods of the pipeline, so that none starts again",
                cure="leave as many nodes open as there are brokers",
            ),
        )
    for resource in record.of_kind("ConfigMap", *POD_KINDS) if parts else ():
        if any("taint" in text and _TAINTING.search(text) for text in texts(resource)):
            yield (
                resource,
                Problem(
                    about="a command of kubectl",
                    rule="sets a taint with the effect NoExecute, which ends every pod of the pipeline on a node at once",
                    cure="set the effect to NoSchedule, and drain the node",
                ),
            )


def _tolerates(workload: Declared, taint: object) -> bool:
    """Return whether a workload tolerates a taint for good; one that is not known is not tolerated."""
    pod = pods.lenient_spec(workload.kind, workload.inputs) or {}
    return any(isinstance(one, Mapping) and _fits(one, taint) for one in items_of(pod.get("tolerations")))


def _fits(toleration: Mapping[str, Any], taint: object) -> bool:
    key, operator = toleration.get("key"), toleration.get("operator") or "Equal"
    effect = toleration.get("effect")
    same_key = key == at(taint, "key") or (not key and operator == "Exists")
    same_value = operator == "Exists" or (toleration.get("value") or "") == (at(taint, "value") or "")
    return same_key and same_value and effect in (None, "", at(taint, "effect")) and toleration.get("tolerationSeconds") is None
