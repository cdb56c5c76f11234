"""Rule for the worker's heap: the buffers of all its connectors fit."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy import files
from policy.fit_rules import files_of, sized_containers, sources, table
from policy.java_rules import WORKER
from policy.kinds import mib, starts_pods
from policy.rule import Rule
from stack.capacity import jvm, jvm_flags, sink, wide_rows
from stack.capacity.commands import words
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import MIB, whole_mib
from stack.capacity.sink_heap import SinkHeap, together
from stack.configs.tokens import CONNECTOR, ICEBERG_TABLE, TOPIC
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.declared import Declared, Record


def workers(record: Record) -> Iterator[tuple[Declared, Mapping[str, Any], Mapping[str, Any], int]]:
    """Yield every container that runs Connect: workload, pod, container, and available memory in bytes."""
    for resource in record.of_kind(*POD_KINDS):
        for spec, container, left in _worker_containers(resource):
            yield resource, spec, container, left


@functools.lru_cache(maxsize=1024)
def _worker_containers(resource: Declared) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any], int], ...]:
    matching = []
    for spec, container, left in sized_containers(resource):
        own_command = container.get("command") or container.get("args")
        texts = words(container) if own_command else [str(container.get("image"))]
        if jvm_flags.is_java(container) and any(name in text for text in texts for name in WORKER):
            matching.append((spec, container, left))
    return tuple(matching)


def worker_heap(record: Record) -> tuple[Declared, int] | None:
    """Return the Connect worker with the smallest heap and its size in bytes, or None without a readable worker."""
    return min(((resource, java.heap) for resource, java in _processes(record)), key=lambda one: one[1], default=None)


def _processes(record: Record) -> Iterator[tuple[Declared, jvm.Java]]:
    for resource, _spec, container, left in workers(record):
        try:
            yield resource, jvm.memory(container, left)
        except jvm_flags.FlagError:
            continue  # java-fits reports it


def _partitions(record: Record) -> dict[str, int]:
    partitions = {}
    for topic in record.of_type(TOPIC):
        name, count = topic.inputs.get("name"), topic.inputs.get("partitions")
        if isinstance(name, str) and isinstance(count, (int, float)):
            partitions[name] = int(count)
    return partitions


def largest_record(config: Mapping[str, str], record: Record) -> int:
    """Return the largest record of the topics that a sink reads, in bytes. Raises sink.SinkError."""
    read = sink.read_topics(config, _partitions(record))
    given = [topic.inputs.get("config") for topic in record.of_type(TOPIC) if topic.inputs.get("name") in read]
    try:
        return wide_rows.largest([config for config in given if isinstance(config, Mapping)])
    except ValueError:
        message = f"reads a topic whose {wide_rows.LIMIT} is not a whole number"
        raise sink.SinkError(message) from None


def _parquet(record: Record) -> sink.Parquet | None:
    """Return the largest bounds of the declared Iceberg tables, or None without any table."""
    sizes = [sink.parquet_of(table.inputs.get("properties") or {}) for table in record.of_type(ICEBERG_TABLE)]
    return sink.Parquet(max(size.row_group for size in sizes), max(size.page for size in sizes)) if sizes else None


def sink_heap(connector: Declared, record: Record) -> SinkHeap:
    """Return the heap that a worker needs for one sink connector together with all sources.

    Raises:
        sink.SinkError: If it cannot be counted.
    """
    config = {**_worker_defaults(record), **connector.inputs["config"]}
    heap = sink.memory(config, _partitions(record), tables=_parquet(record), record=largest_record(config, record))
    return replace(heap, source=sum(sink.source_heap(config) for config in sources(record)))


def _worker_defaults(record: Record) -> dict[str, str]:
    """Return the consumer settings in the worker's properties, as the keys of a sink."""
    defaults: dict[str, str] = {}
    for _resource, properties in worker_files(record):
        defaults |= {
            f"consumer.override.{key.removeprefix('consumer.')}": text for key, text in properties.items() if key.startswith("consumer.")
        }
    return defaults


def worker_files(record: Record) -> Iterator[tuple[Declared, dict[str, str]]]:
    """Yield the properties of every worker whose file is in a declared ConfigMap."""
    for resource, spec, container, _left in workers(record):
        for text in files_of(record, str(resource.namespace), spec, container).values():
            if isinstance(text, str) and "config.storage.topic" in (parsed := files.properties(text)):
                yield resource, parsed


def sinks(record: Record) -> Iterator[Declared]:
    """Yield the sink connectors whose buffers can be counted."""
    for connector in record.of_type(CONNECTOR):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in sink.SINKS:
            yield connector


def _complete(record: Record) -> bool:
    """Return whether all inputs of the heap check are declared: a worker, and every sink's topics and tables."""
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
    """Compare the heap of all connectors together with the smallest worker: any of them may run there."""
    worker = worker_heap(record)
    if worker is None:
        yield Problem(
            rule="no declared workload is a Connect worker with a readable heap",
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
    needed = together(heaps, source).needed if heaps else source + sink.FRAMEWORK_MIB * MIB
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
                f"lower flush.size, the commit interval, tasks.max, max.queue.size.in.bytes, or the topics' "
                f"partitions or {wide_rows.LIMIT}, or raise -Xmx by {whole_mib(over)}m and the limit with it"
            ),
        )
    yield from _wide(record, heaps)


def _wide(record: Record, heaps: Sequence[SinkHeap]) -> Iterator[Problem]:
    """Compare the direct buffers that the largest rows take with those of the smallest worker."""
    worker, given = min(((resource, java.direct) for resource, java in _processes(record)), key=lambda one: one[1])
    row = max((largest_record(connector.inputs["config"], record) for connector in sinks(record)), default=0)
    needed = wide_rows.of_worker(sum(heap.direct for heap in heaps), len(list(sources(record))), row)
    # what Kafka takes by itself is the least, and is not refused
    if row > MIB and needed > given:
        yield Problem(
            rule=(
                f"rows of up to {mib(row)} MiB ({wide_rows.LIMIT}) need {whole_mib(needed)} MiB of direct buffers in {worker.title}, "
                f"which has {mib(given)}"
            ),
            cure=(
                f"lower {wide_rows.LIMIT} of the topics, tasks.max or max.partition.fetch.bytes, take a codec of Parquet without such "
                f"buffers, as zstd, or raise -XX:MaxDirectMemorySize to {whole_mib(needed)}m and the limit with it"
            ),
        )


def _sink_fits(resource: Declared, record: Record) -> Iterator[Problem]:
    """Check the heap once all its inputs are declared, and after each change of one of them."""
    concerned = resource.type in {CONNECTOR, TOPIC, ICEBERG_TABLE} or starts_pods(resource) or resource.kind == "ConfigMap"
    if not concerned:
        return
    if resource.type == CONNECTOR:
        config = resource.inputs.get("config")
        if not isinstance(config, Mapping) or isinstance(config.get("connector.class"), Unknown):
            yield Problem(rule="the configuration is not known at preview", cure="set plain values and references to secrets")
            return
    yield from record.once("heap of the connectors", lambda: _judged(record))


def _judged(record: Record) -> list[Problem]:
    """Return the problems of the connectors' heap, or none while its inputs are incomplete."""
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
        says="The queues of all sources and the open files and consumers of all sinks fit the worker's heap, the largest rows its buffers.",
        check=_sink_fits,
        at_end=_incomplete,
        severity="critical",
    ),
)
