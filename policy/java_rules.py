"""Rules for Java: it fits the memory limit of its container, with the threads that its configuration adds, and says its heap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.brokers import broker_properties, is_broker
from policy.fit_rules import sized_containers, table
from policy.kinds import mib
from policy.rule import Rule
from stack.capacity import jvm, jvm_beside, jvm_flags, threads
from stack.capacity.commands import words
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import MIB, whole_mib
from stack.configs.tokens import CONNECTOR
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Parts of the words or of the image with which a Connect worker starts.
WORKER = ("ConnectDistributed", "connect-distributed", "kafka-connect", "debezium/connect")


def _javas(resource: Declared) -> Iterator[tuple[str, int, jvm.Java | jvm_flags.FlagError]]:
    """Yield each Java container by name, with its available memory and its maximum, or the error that makes it unknown."""
    for _spec, container, left in sized_containers(resource):
        if jvm_flags.is_java(container):
            try:
                yield repr(container.get("name")), left, jvm.memory(container, left)
            except jvm_flags.FlagError as error:
                yield repr(container.get("name")), left, error


def _java_fits(resource: Declared, _record: Record) -> Iterator[Problem]:
    for name, left, java in _javas(resource):
        if isinstance(java, jvm_flags.FlagError):
            yield Problem(rule=f"container {name}: {java}")
            continue
        over = java.needed - left
        if over > 0:
            unset = f", and nothing bounds {', '.join(java.guessed)}" if java.guessed else ""
            lower = f"lower -Xmx by {whole_mib(over)}m" if java.heap > over and not java.by_percentage else "reduce the heap"
            yield Problem(
                rule=(
                    f"Java in container {name} may take {mib(java.needed)} MiB, with {mib(left)} available ({table(java.parts())}){unset}"
                ),
                cure=f"{lower}, set the missing bounds, or raise the limit by {whole_mib(over)}Mi",
            )
    yield from _java_beside(resource)


def _java_beside(resource: Declared) -> Iterator[Problem]:
    """Yield each container whose process fits, and does not beside the Java that its probes and hooks start."""
    for _spec, container, left in sized_containers(resource):
        name = repr(container.get("name"))
        try:
            places, beside = jvm_beside.largest(container, left)
        except jvm_flags.FlagError as error:
            yield Problem(rule=f"container {name}, a probe or hook: {error}")
            continue
        try:
            own = jvm.memory(container, left).needed if beside and jvm_flags.is_java(container) else 0
        except jvm_flags.FlagError:
            continue  # java-fits reports it
        if own <= left < own + beside:
            yield Problem(
                rule=(
                    f"{' and '.join(places)} of container {name} start Java of up to {mib(beside)} MiB beside the {mib(own)} MiB of its "
                    f"process, with {mib(left)} available"
                ),
                cure=f"ask by httpGet or tcpSocket, or raise the limit by {whole_mib(own + beside - left)}Mi",
            )


def _java_with_threads(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield each Java process that fits without the threads of its configuration, and not with them, once all is declared."""
    for resource in record.of_kind(*POD_KINDS):
        for spec, container, left in sized_containers(resource):
            added = _added(record, resource, spec, container) if jvm_flags.is_java(container) else {}
            if not added:
                continue
            try:
                without, java = jvm.memory(container, left), jvm.memory(container, left, threads=sum(added.values()))
            except jvm_flags.FlagError:
                continue  # java-fits reports it
            if without.needed <= left < java.needed:
                name = repr(container.get("name"))
                yield (
                    resource,
                    Problem(
                        rule=f"Java in container {name} may take {mib(java.needed)} MiB, with {mib(left)} left ({table(java.parts())})",
                        cure=f"lower {', '.join(threads.told(added))}, or raise the limit by {whole_mib(java.needed - left)}Mi",
                    ),
                )


def _added(record: Record, resource: Declared, spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, int]:
    """Return the threads that the configuration of a broker or a Connect worker adds, by key."""
    if is_broker(container):
        return threads.of_broker(broker_properties(record, resource, spec, container) or {})
    starts = container.get("command") or container.get("args")
    texts = words(container) if starts else [str(container.get("image"))]
    if not any(name in text for text in texts for name in WORKER):
        return {}
    connectors = [config for one in record.of_type(CONNECTOR) if isinstance(config := one.inputs.get("config"), Mapping)]
    tasks = threads.of_worker(connectors)
    return {"tasks.max": tasks} if tasks else {}


def _heap_said(resource: Declared, _record: Record) -> Iterator[Problem]:
    for name, _left, java in _javas(resource):
        if isinstance(java, jvm.Java) and java.by_percentage:
            yield Problem(
                rule=(
                    f"Java in container {name} has a heap as a share of memory (now {mib(java.heap)} MiB): a JVM that does not see its "
                    f"control group uses that share of the machine"
                ),
                cure=f"set -Xmx{java.heap // MIB}m",
            )


RULES = (
    Rule(
        name="java-fits",
        says="Heap, off-heap memory, threads and a broker's page cache fit the container's limit.",
        check=_java_fits,
        at_end=_java_with_threads,
        severity="critical",
    ),
    Rule(
        name="java-heap-said",
        says="Every Java heap has a fixed size, not a share of memory.",
        check=_heap_said,
        level="advisory",
        severity="low",
    ),
)
