"""Pods that must not be open to everybody, the objects that select them, and label selectors by meaning."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.brokers import is_broker
from policy.kinds import starts_pods
from stack.capacity import commands, jvm_scripts, pods, postgres_parameters
from stack.capacity.pods import POD_KINDS
from stack.settings.names import PART_OF
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Components of the pipeline, whose pods stand in its namespace whether or not they are declared yet.
COMPONENTS = ("postgresql", "kafka", "schema-registry", "connect")
# Start scripts of Connect, a registry and a broker, and the main classes behind those that policy.brokers does not read.
_SCRIPTS = ("connect-distributed", "connect-standalone", "kafka-server-start", "schema-registry-start")
_PROGRAMS = {*_SCRIPTS, "ConnectDistributed", "ConnectStandalone", "SchemaRegistryMain"}
# Images by the last part of their name, or with its folder, whose entry point starts one of them.
_IMAGES = {
    *jvm_scripts.images_of(*_SCRIPTS),
    *postgres_parameters.IMAGES,
    *("apicurio-registry", "apicurio-registry-kafkasql", "apicurio-registry-mem", "apicurio-registry-sql", "schema-registry"),
    *("confluent-server", "debezium/postgres", "kafka", "kafka-connect", "kafka-native", "redpanda"),
}


def runs_guarded(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs a broker, a database, a registry or Connect."""
    words = {commands.basename(word).removesuffix(".sh").rpartition(".")[2] for word in commands.words(container)}
    if words & _PROGRAMS or is_broker(container) or postgres_parameters.is_postgres(container) or runs_apicurio(container):
        return True
    folder, image = commands.image_name(container)
    by_entry_point = not container.get("command") and not _runs_a_tool(container)
    return by_entry_point and not _IMAGES.isdisjoint((image, f"{folder}/{image}"))


def runs_apicurio(container: Mapping[str, Any]) -> bool:
    """Return whether a command starts the jar of Apicurio's registry, which has no name of its own."""
    return any("apicurio" in word and word.endswith(".jar") for word in commands.words(container))


def _runs_a_tool(container: Mapping[str, Any]) -> bool:
    first = next(iter(container.get("args") or []), "")
    return isinstance(first, str) and first != "" and not first.startswith("-") and commands.basename(first) not in {"start", "postgres"}


@dataclasses.dataclass(frozen=True)
class Pods:
    """Labels of the guarded pods of one workload, or of a component of the pipeline.

    Attributes:
        title: Name for messages.
        namespace: Their namespace.
        labels: Their labels.
        workload: The workload, or None for a component that needs no declaration.
    """

    title: str
    namespace: str | Unknown
    labels: Mapping[str, Any]
    workload: Declared | None = None


def guarded_pods(record: Record) -> list[Pods]:
    """Return all guarded pods of a stack."""
    return record.once("guarded pods", lambda: list(_guarded_pods(record)))


def _guarded_pods(record: Record) -> Iterator[Pods]:
    for component in COMPONENTS if record.limits.own else ():
        yield _own_pods(component, record.limits.own)
    stack = record.limits.specification
    if stack is not None and stack.monitoring is not None:
        # Prometheus and Alertmanager ask for no login: silences of alerts, names of tables, and the figures of every part
        for workload in stack.monitoring.workloads:
            yield _own_pods(workload.component, stack.monitoring.namespace)
    for declared in record.of_kind(*POD_KINDS):
        found = pods_of(declared)
        if found is not None:
            yield found


def _own_pods(component: str, namespace: str) -> Pods:
    labels = {"app.kubernetes.io/part-of": PART_OF, "app.kubernetes.io/component": component}
    return Pods(f"the pods of {component}", namespace, labels)


@functools.lru_cache(maxsize=1024)
def pods_of(workload: Declared) -> Pods | None:
    """Return the pods of a workload if they are guarded."""
    spec = pods.lenient_spec(workload.kind, workload.inputs) if starts_pods(workload) else None
    listed = spec.get("containers") if spec else None
    if not isinstance(listed, (list, tuple)) or not any(isinstance(one, Mapping) and runs_guarded(one) for one in listed):
        return None
    metadata = pods.pod_metadata(workload.kind, workload.inputs)
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return Pods(workload.title, workload.namespace, labels if isinstance(labels, Mapping) else {}, workload)


def is_guarded(namespace: object, record: Record) -> bool:
    """Return whether guarded pods stand, or may stand, in a namespace."""
    return any(may_be_same(one, namespace) for one in guarded_namespaces(record))


def guarded_namespaces(record: Record) -> set[str | Unknown]:
    """Return the namespaces of all guarded pods."""
    return {one.namespace for one in guarded_pods(record)}


def may_be_same(one: object, other: object) -> bool:
    """Return whether two values, such as namespaces, are or may be the same."""
    return isinstance(one, Unknown) or isinstance(other, Unknown) or one == other


def selects(selector: object, labels: Mapping[str, Any]) -> bool:
    """Return whether a label selector selects, or may select, pods with these labels."""
    if not isinstance(selector, Mapping):
        return True
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    if not isinstance(wanted, Mapping) or not isinstance(expressions, (list, tuple)):
        return True
    return has_labels(wanted, labels) and all(_fits(one, labels) for one in expressions)


def has_labels(wanted: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Return whether labels contain, or may contain, the wanted ones."""
    return all(key in _BY_KUBERNETES or may_be_same(value, labels.get(key)) for key, value in wanted.items())


def _fits(expression: object, labels: Mapping[str, Any]) -> bool:
    if not isinstance(expression, Mapping):
        return True
    value, operator, values = labels.get(str(expression.get("key"))), expression.get("operator"), expression.get("values") or []
    if isinstance(value, Unknown) or isinstance(operator, Unknown) or isinstance(values, Unknown):
        return True
    among = any(may_be_same(one, value) for one in values)
    return {"In": value is not None and among, "NotIn": value is None or value not in values, "Exists": value is not None}.get(
        str(operator), value is None
    )


# Labels that a controller adds to the pods of a template, so that no template shows them.
_BY_KUBERNETES = {
    "apps.kubernetes.io/pod-index",
    "controller-revision-hash",
    "pod-template-hash",
    "statefulset.kubernetes.io/pod-name",
}
# Labels that Kubernetes gives to every namespace.
_ON_EVERY_NAMESPACE = {"kubernetes.io/metadata.name"}


def restricts(selector: Mapping[str, Any], always: frozenset[str] | set[str] = frozenset()) -> bool:
    """Return whether a selector requires something: a label or value; an exclusion still selects nearly everything.

    Args:
        selector: A label selector.
        always: Labels that everything has.
    """
    if isinstance(selector.get("matchLabels"), Mapping) and selector["matchLabels"]:
        return True
    return any(
        isinstance(one, Mapping) and (one.get("operator") == "In" or (one.get("operator") == "Exists" and one.get("key") not in always))
        for one in selector.get("matchExpressions") or []
    )


def names_namespaces(selector: object) -> bool:
    """Return whether a namespace selector chooses some namespaces, and not all or all but some."""
    return isinstance(selector, Mapping) and restricts(selector, _ON_EVERY_NAMESPACE)
