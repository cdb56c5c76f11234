"""The buffers of a sink fit the heap of the worker that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.budget import jvm, sink
from components.known import Unknown
from policy.fit_rules import CONNECTOR, TOPIC, rounded, sized_containers, sources, table
from policy.kinds import mib
from policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

ICEBERG_TABLE = "iceberg:index:Table"
_WORKER = ("ConnectDistributed", "connect-distributed", "kafka-connect", "debezium/connect")


def worker_heap(record: Record) -> tuple[Declared, int] | None:
    """The workload that runs Connect and the size of its heap in bytes, or None when there is none that can be read."""
    for resource in record.resources.values():
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


def _row_group(record: Record) -> int | None:
    """The largest row group of the declared tables in bytes; None when one of them leaves it to Iceberg."""
    tables = list(record.of_type(ICEBERG_TABLE))
    given = [(table.inputs.get("properties") or {}).get("write.parquet.row-group-size-bytes") for table in tables]
    sizes = [int(value) for value in given if isinstance(value, str)]
    return max(sizes) if sizes and len(sizes) == len(given) else None


def sink_heap(connector: Declared, record: Record) -> sink.SinkHeap:
    """What the worker needs on its heap for a sink connector.

    Raises:
        sink.SinkError: If that cannot be counted.
    """
    source = next(iter(sources(record)), None)
    return sink.memory(connector.inputs["config"], _partitions(record), source, _row_group(record))


def sinks(record: Record) -> Iterator[Declared]:
    """The sink connectors whose buffers can be counted."""
    for connector in list(record.of_type(CONNECTOR)):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in sink.SINKS:
            yield connector


def _sink_fits(resource: Declared, record: Record) -> Iterator[str]:
    """Judged at the connector: topics, tables and worker come before it."""
    if resource.type != CONNECTOR:
        return
    if not isinstance(resource.inputs.get("config"), Mapping) or isinstance(resource.inputs["config"].get("connector.class"), Unknown):
        yield "its configuration is not known at preview; give plain values and references to secrets"
        return
    for connector in sinks(record):
        worker = worker_heap(record)
        if worker is None:
            continue
        try:
            heap = sink_heap(connector, record)
        except sink.SinkError as error:
            if connector is resource:
                yield str(error)
            continue
        over = heap.needed - worker[1]
        if over > 0:
            yield (
                f"with {connector.title} the worker {worker[0].title} needs {mib(heap.needed)} MiB of heap and has {mib(worker[1])} "
                f"({table(heap.parts())}); each further table costs {rounded(heap.per_table)} MiB. Lower flush.size, the commit interval, "
                f"tasks.max or the partitions of its topics, or raise -Xmx by {rounded(over)}m and the limit with it"
            )


def _sinks_have_a_worker(record: Record) -> Iterator[tuple[Declared | None, str]]:
    """Also judges again what came after the connector: a topic or a table may be declared later in another program."""
    for connector in sinks(record):
        if worker_heap(record) is None:
            message = "no declared workload is a Connect worker whose heap can be read, so that the sink's buffers cannot be judged"
            yield connector, f"{message}: declare the worker with -Xmx in the same program"


RULES = (
    Rule(
        name="sink-fits",
        says="The open files and consumers of a sink fit the worker's heap.",
        check=_sink_fits,
        at_end=_sinks_have_a_worker,
        severity="critical",
    ),
)
