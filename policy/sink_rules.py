"""The buffers of a sink fit the heap of the worker that runs it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from capacity import jvm, jvm_flags, sink
from capacity.commands import words
from capacity.pods import POD_KINDS
from capacity.quantity import MIB, whole_mib
from configs.tokens import CONNECTOR, ICEBERG_TABLE, TOPIC
from policy import files
from policy.fit_rules import files_of, sized_containers, sources, table
from policy.kinds import mib, starts_pods
from policy.rule import Rule
from problem import Problem
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_WORKER = ("ConnectDistributed", "connect-distributed", "kafka-connect", "debezium/connect")


def workers(record: Record) -> Iterator[tuple[Declared, Mapping[str, Any], Mapping[str, Any], int]]:
    """Every container that runs Connect: its workload, its pod, itself, and what it may take in bytes."""
    for resource in record.of_kind(*POD_KINDS):
        for spec, container, left in _worker_containers(resource):
            yield resource, spec, container, left


@functools.lru_cache(maxsize=1024)
def _worker_containers(resource: Declared) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any], int], ...]:
    found = []
    for spec, container, left in sized_containers(resource):
        said = container.get("command") or container.get("args")
        texts = words(container) if said else [str(container.get("image"))]
        if jvm_flags.is_java(container) and any(name in text for text in texts for name in _WORKER):
            found.append((spec, container, left))
    return tuple(found)


def worker_heap(record: Record) -> tuple[Declared, int] | None:
    """The Connect worker with the smallest heap and that heap's size in bytes, or None when there is none that can be read."""
    found = []
    for resource, _spec, container, left in workers(record):
        try:
            found.append((resource, jvm.memory(container, left).heap))
        except jvm_flags.FlagError:
            continue  # java-fits says so
    return min(found, key=lambda one: one[1], default=None)


def _partitions(record: Record) -> dict[str, int]:
    found = {}
    for topic in record.of_type(TOPIC):
        name, count = topic.inputs.get("name"), topic.inputs.get("partitions")
        if isinstance(name, str) and isinstance(count, (int, float)):
            found[name] = int(count)
    return found


def _parquet(record: Record) -> sink.Parquet | None:
    """The widest bounds of the declared Iceberg tables, or None without any table."""
    sizes = [sink.parquet_of(table.inputs.get("properties") or {}) for table in record.of_type(ICEBERG_TABLE)]
    return sink.Parquet(max(size.row_group for size in sizes), max(size.page for size in sizes)) if sizes else None


def sink_heap(connector: Declared, record: Record) -> sink.SinkHeap:
    """What the worker needs on its heap for one sink connector, with every source beside it.

    Raises:
        sink.SinkError: If that cannot be counted.
    """
    config = {**_worker_defaults(record), **connector.inputs["config"]}
    heap = sink.memory(config, _partitions(record), tables=_parquet(record))
    return replace(heap, source=sum(sink.source_heap(config) for config in sources(record)))


def _worker_defaults(record: Record) -> dict[str, str]:
    """What the worker's own properties set for the consumers of its sinks."""
    found: dict[str, str] = {}
    for _resource, properties in worker_files(record):
        found |= {
            f"consumer.override.{key.removeprefix('consumer.')}": text for key, text in properties.items() if key.startswith("consumer.")
        }
    return found


def worker_files(record: Record) -> Iterator[tuple[Declared, dict[str, str]]]:
    """The properties of every worker whose file a declared ConfigMap provides."""
    for resource, spec, container, _left in workers(record):
        for text in files_of(record, str(resource.namespace), spec, container).values():
            if isinstance(text, str) and "config.storage.topic" in (found := files.properties(text)):
                yield resource, found


def sinks(record: Record) -> Iterator[Declared]:
    """The sink connectors whose buffers can be counted."""
    for connector in record.of_type(CONNECTOR):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in sink.SINKS:
            yield connector


def _complete(record: Record) -> bool:
    """Whether everything that the connectors' buffers follow from has been declared: a worker, and every sink's topics and tables."""
    if worker_heap(record) is None:
        return False
    known = _partitions(record)
    for connector in sinks(record):
        config = connector.inputs["config"]
        read = sink.read_topics(config, known)
        tables = {name.strip() for name in str(config.get("iceberg.tables", "")).split(",")} - {""}
        if not read or not set(read) <= set(known) or len(tables) > len(record.of_type(ICEBERG_TABLE)):
            return False
    return True


def _over(record: Record) -> Iterator[Problem]:
    """What all connectors together need, against the heap of the smallest worker: any of them may run there."""
    worker = worker_heap(record)
    if worker is None:
        yield Problem(
            rule="no declared workload is a Connect worker whose heap can be read",
            cure="declare the worker with -Xmx in the same program",
        )
        return
    heaps = []
    for connector in sinks(record):
        try:
            heaps.append(sink_heap(connector, record))
        except sink.SinkError as error:
            yield Problem(rule=f"{connector.name} {error}")
            return
    source = sum(sink.source_heap(config) for config in sources(record))
    own = [heap.needed - heap.source - heap.framework for heap in heaps]
    needed = source + sum(own) + sink.FRAMEWORK_MIB * MIB
    over = needed - worker[1]
    if over > 0:
        parts = {"source connectors": source, "worker": sink.FRAMEWORK_MIB * MIB}
        for connector, heap in zip(sinks(record), heaps, strict=True):
            parts |= {f"{connector.name}: {name}": held for name, held in replace(heap, source=0, framework=0).parts().items() if held}
        further = f"; each further table costs {whole_mib(heaps[0].per_table)} MiB" if heaps else ""
        yield Problem(
            rule=(
                f"the connectors need {mib(needed)} MiB of heap in {worker[0].title}, which has {mib(worker[1])} ({table(parts)}){further}"
            ),
            cure=(
                f"lower flush.size, the commit interval, tasks.max, max.queue.size.in.bytes or the topics' "
                f"partitions, or raise -Xmx by {whole_mib(over)}m and the limit with it"
            ),
        )


def _sink_fits(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judged when the last of what it follows from is declared, and again with everything that changes it."""
    concerned = resource.type in {CONNECTOR, TOPIC, ICEBERG_TABLE} or starts_pods(resource) or resource.kind == "ConfigMap"
    if not concerned:
        return
    if resource.type == CONNECTOR:
        config = resource.inputs.get("config")
        if not isinstance(config, Mapping) or isinstance(config.get("connector.class"), Unknown):
            yield Problem(rule="its configuration is not known at preview", cure="give plain values and references to secrets")
            return
    yield from record.once("heap of the connectors", lambda: _judged(record))


def _judged(record: Record) -> list[Problem]:
    """What is wrong with the connectors' heap as far as it can be told yet."""
    return list(_over(record)) if (sources(record) or any(sinks(record))) and _complete(record) else []


def _incomplete(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    connectors = record.of_type(CONNECTOR)
    if connectors and not _complete(record):
        for message in _over(record):
            yield connectors[0], message


RULES = (
    Rule(
        name="sink-fits",
        together=True,
        says="The queues of sources, and the open files and consumers of sinks, together fit the worker's heap.",
        check=_sink_fits,
        at_end=_incomplete,
        severity="critical",
    ),
)
