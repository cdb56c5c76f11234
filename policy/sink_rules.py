"""The buffers of a sink fit the heap of the worker that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.budget import jvm, sink
from components.budget.pods import POD_KINDS
from components.known import Unknown
from policy.fit_rules import CONNECTOR, TOPIC, rounded, sized_containers, sources, table
from policy.kinds import mib, starts_pods
from policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

ICEBERG_TABLE = "iceberg:index:Table"
_WORKER = ("ConnectDistributed", "connect-distributed", "kafka-connect", "debezium/connect")


def worker_heap(record: Record) -> tuple[Declared, int] | None:
    """The workload that runs Connect and the size of its heap in bytes, or None when there is none that can be read."""
    for resource in record.of_kind(*POD_KINDS):
        for _spec, container, left in sized_containers(resource):
            words = [str(word) for place in ("command", "args") for word in container.get(place) or []]
            image = "" if words else str(container.get("image"))
            if jvm.is_java(container) and any(name in word for word in (*words, image) for name in _WORKER):
                try:
                    return resource, jvm.memory(container, left).heap
                except jvm.FlagError:
                    continue
    return None


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
    """What the worker needs on its heap for a sink connector.

    Raises:
        sink.SinkError: If that cannot be counted.
    """
    source = next(iter(sources(record)), None)
    return sink.memory(connector.inputs["config"], _partitions(record), source, _parquet(record))


def sinks(record: Record) -> Iterator[Declared]:
    """The sink connectors whose buffers can be counted."""
    for connector in record.of_type(CONNECTOR):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in sink.SINKS:
            yield connector


def _complete(connector: Declared, record: Record) -> bool:
    """Whether everything that a sink's buffers follow from has been declared: its topics, its tables, and a worker."""
    config = connector.inputs["config"]
    listed = set(sink.read_topics(config, _partitions(record)))
    tables = {table.strip() for table in str(config.get("iceberg.tables", "")).split(",")} - {""}
    return worker_heap(record) is not None and listed <= set(_partitions(record)) and len(tables) <= len(record.of_type(ICEBERG_TABLE))


def _over(connector: Declared, record: Record) -> Iterator[str]:
    worker = worker_heap(record)
    if worker is None:
        yield "no declared workload is a Connect worker whose heap can be read; declare the worker with -Xmx in the same program"
        return
    try:
        heap = sink_heap(connector, record)
    except sink.SinkError as error:
        yield f"{connector.name} {error}"
        return
    over = heap.needed - worker[1]
    if over > 0:
        yield (
            f"with {connector.title} the worker {worker[0].title} needs {mib(heap.needed)} MiB of heap and has {mib(worker[1])} "
            f"({table(heap.parts())}); each further table costs {rounded(heap.per_table)} MiB. Lower flush.size, the commit interval, "
            f"tasks.max or the partitions of its topics, or raise -Xmx by {rounded(over)}m and the limit with it"
        )


def _sink_fits(resource: Declared, record: Record) -> Iterator[str]:
    """Judged when the last of what it follows from is declared, and again with everything that changes it."""
    if resource.type not in {CONNECTOR, TOPIC, ICEBERG_TABLE} and not starts_pods(resource):
        return
    if resource.type == CONNECTOR:
        config = resource.inputs.get("config")
        if not isinstance(config, Mapping) or isinstance(config.get("connector.class"), Unknown):
            yield "its configuration is not known at preview; give plain values and references to secrets"
            return
    for connector in sinks(record):
        if _complete(connector, record):
            yield from _over(connector, record)


def _incomplete_sinks(record: Record) -> Iterator[tuple[Declared | None, str]]:
    for connector in sinks(record):
        if not _complete(connector, record):
            for message in _over(connector, record):
                yield connector, message


RULES = (
    Rule(
        name="sink-fits",
        together=True,
        says="The open files and consumers of a sink fit the worker's heap.",
        check=_sink_fits,
        at_end=_incomplete_sinks,
        severity="critical",
    ),
)
