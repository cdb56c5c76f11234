"""Guards that the stack's settings render for their own namespaces, compared by meaning with the ones that are declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.guarded import selects
from policy.lists import items_of
from stack.capacity.pods import POD_KINDS, pod_metadata
from stack.capacity.quantity import parse_bytes
from stack.configs.tokens import CLUSTER_READY, CONNECTOR
from stack.problem import Problem
from stack.settings.names import PART_OF
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.declared import Declared, Record
    from stack.specification.stack import Specification

_PART = "app.kubernetes.io/part-of"
_NETWORK = {"networking.k8s.io", "extensions"}
_DIRECTIONS = {"Ingress": "ingress", "Egress": "egress"}
_AS_RENDERED = "declare it as the settings render it"


@dataclass(frozen=True)
class _Guards:
    """Quota and limits of one namespace, the setting of its budget, and whose containers it has."""

    namespace: str
    quota: Any
    limits: Any
    key: str
    whose: str


def missing(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the guards that a stack with pods of the pipeline lacks, and its pods that are let out to everywhere."""
    stack = record.limits.specification
    if stack is None:
        return
    for guards in _rendered(stack):
        pods = _own_pods(record, guards.namespace)
        if pods:
            problems = [*_network(record, guards.namespace, pods), *_quota(guards, record), *_limits(guards, record)]
            yield from ((pods[0][0], problem) for problem in problems)
    yield from _drained(stack, record, _own_pods(record, record.limits.own))
    connectors = {one.name for one in stack.connectors}
    if any(one.inputs.get("name") in connectors for one in record.of_type(CONNECTOR)):
        yield from ((None, problem) for problem in _gate(stack, record))


def _rendered(stack: Specification) -> Iterator[_Guards]:
    yield _Guards(stack.foundation.namespace, stack.foundation.quota, stack.foundation.limits, "budget.memoryMib", "the pipeline's")
    if stack.audit is not None:
        yield _Guards(stack.audit.namespace, stack.audit.quota, stack.audit.limits, "audit.memoryMib", "the audit's")
    if stack.monitoring is not None:
        one = stack.monitoring
        yield _Guards(one.namespace, one.quota, one.limits, "the sizes of monitoring", "the monitoring's")


def _own_pods(record: Record, namespace: str) -> list[tuple[Declared, Mapping[str, Any]]]:
    """Return the workloads of one of the stack's namespaces with the labels of their pods."""
    found = []
    for workload in record.of_kind(*POD_KINDS):
        metadata = pod_metadata(workload.kind, workload.inputs) if workload.namespace == namespace else None
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        if isinstance(labels, Mapping) and labels.get(_PART) == PART_OF:
            found.append((workload, labels))
    return found


def _inside(record: Record, namespace: str, *kinds: str) -> list[Declared]:
    return [one for kind in kinds for one in record.of_kind(kind) if isinstance(one.namespace, Unknown) or one.namespace == namespace]


def _specifications(found: Iterable[Declared]) -> list[Mapping[str, Any]]:
    return [spec for one in found if isinstance(spec := one.inputs.get("spec"), Mapping)]


def _network(record: Record, namespace: str, pods: list[tuple[Declared, Mapping[str, Any]]]) -> Iterator[Problem]:
    policies = _specifications(one for one in _inside(record, namespace, "NetworkPolicy") if one.group in _NETWORK)
    for direction, key in _DIRECTIONS.items():
        if not any(_denies(spec, direction, key) for spec in policies):
            yield Problem(
                rule=f"runs in {namespace}, where no NetworkPolicy denies all {key} that no other policy allows",
                cure=f"declare a NetworkPolicy with an empty podSelector, the policy type {direction} and no {key} rule",
            )
    for spec in policies:
        if any(rule is not None and not rule for rule in items_of(spec.get("egress"))):
            reached = next((workload for workload, labels in pods if selects(spec.get("podSelector"), labels)), None)
            if reached is not None:
                yield Problem(
                    rule=f"a NetworkPolicy lets {reached.title} out to every address and port, which undoes the denial of egress",
                    cure="name the peers in to, or their ports",
                )


def _denies(spec: Mapping[str, Any], direction: str, key: str) -> bool:
    selector, types = spec.get("podSelector"), spec.get("policyTypes")
    everything = isinstance(selector, Mapping) and not selector.get("matchLabels") and not selector.get("matchExpressions")
    # without types a policy is about ingress, and about egress where it has such rules
    return everything and direction in (types or ["Ingress"]) and not spec.get(key)


def _quota(guards: _Guards, record: Record) -> Iterator[Problem]:
    wanted = guards.quota["hard"]
    quotas = [
        spec
        for spec in _specifications(_inside(record, guards.namespace, "ResourceQuota"))
        if not spec.get("scopes") and not spec.get("scopeSelector")
    ]
    for key, most in wanted.items():
        if not any(_at_most(hard.get(key), most) for spec in quotas if isinstance(hard := spec.get("hard"), Mapping)):
            yield Problem(
                rule=f"runs in {guards.namespace}, where no ResourceQuota limits {key} to the budget of {most}",
                cure=f"declare a ResourceQuota for all pods with {key} {most}, or change {guards.key}",
            )


def _limits(guards: _Guards, record: Record) -> Iterator[Problem]:
    (wanted,) = guards.limits["limits"]
    most = wanted["max"]["memory"]
    bounds = [
        one
        for spec in _specifications(_inside(record, guards.namespace, "LimitRange"))
        for one in items_of(spec.get("limits"))
        if isinstance(one, Mapping)
    ]
    if not any(
        one.get("type") == wanted["type"] and isinstance(one.get("max"), Mapping) and _at_most(one["max"].get("memory"), most)
        for one in bounds
    ):
        yield Problem(
            rule=f"runs in {guards.namespace}, where no LimitRange bounds a container's memory to {most}, {guards.whose} largest",
            cure=f"declare a LimitRange of the type {wanted['type']} with max.memory {most}",
        )


def _at_most(said: object, most: str) -> bool:
    try:
        return isinstance(said, (str, int, float)) and parse_bytes(said) <= parse_bytes(most)
    except ValueError:
        return False


def _drained(
    stack: Specification, record: Record, pods: list[tuple[Declared, Mapping[str, Any]]]
) -> Iterator[tuple[Declared | None, Problem]]:
    bounded = {workload.component for workload in stack.workloads if workload.bounds_disruption}
    budgets = _inside(record, record.limits.own, "PodDisruptionBudget")
    for workload, labels in pods:
        if workload.object_name in bounded and not any(_bounds(budget, labels) for budget in budgets):
            yield (
                workload,
                Problem(
                    rule="no PodDisruptionBudget selects its pods, so that a drain may take all of them at once",
                    cure="declare one with maxUnavailable 1 that selects them by their labels",
                ),
            )


def _bounds(budget: Declared, labels: Mapping[str, Any]) -> bool:
    spec = budget.inputs.get("spec")
    # a specification that is partly unknown is reported by disruption-bounded
    return not isinstance(spec, Mapping) or bool(list(unknown_paths(dict(spec)))) or selects(spec.get("selector"), labels)


def _gate(stack: Specification, record: Record) -> Iterator[Problem]:
    kafka = stack.streaming.kafka
    gates = [one.inputs for one in record.of_type(CLUSTER_READY)]
    # the engine shows no policy a key that begins with two underscores, such as the topic of the heartbeats
    topics = {topic.name for topic in kafka.topics if not topic.name.startswith("__")}
    for inputs in gates:
        brokers, partitions = inputs.get("brokers"), inputs.get("partitions")
        if isinstance(brokers, int) and brokers >= kafka.brokers and isinstance(partitions, Mapping) and topics <= set(partitions):
            return
    yield Problem(
        rule=f"no ClusterReady waits for {kafka.brokers} brokers and knows the partitions of every topic before topics and connectors",
        cure=_AS_RENDERED,
    )
