"""Rules for sizes: pods fit the budget, processes their pods, connectors the heap, topics and WAL their volumes.

The same models judge the declared resources in the policy pack; here the cure names the key to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.capacity import jvm, pods, postgres, postgres_parameters, sink, threads, wide_rows
from stack.capacity.quantity import MIB, whole_mib
from stack.capacity.sink_heap import SinkHeap, together
from stack.judgement.counting import UncountableError, counting
from stack.judgement.java import SMALLEST_HEAP_MIB
from stack.judgement.volumes import largest_record, records, topics, volumes, wal
from stack.problem import Problem
from stack.settings.source import LEAST_CONNECTIONS
from stack.specification.source.postgres import server_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.settings.source import SourceSettings
    from stack.specification.stack import Specification
    from stack.specification.workload import Workload
# Memory below which no container of the pipeline runs, in MiB.
_LEAST_MIB = 256


def fit_problems(specification: Specification) -> tuple[list[Problem], list[Problem]]:
    """Return every size that does not fit, and every size that cannot be counted, which most often breaks another rule too."""
    problems: list[Problem] = []
    uncountable: dict[str, Problem] = {}
    for check in (_budget, _java, _postgres, _sink, _wide, records, topics, wal, volumes):
        try:
            problems += check(specification)
        except UncountableError as error:
            uncountable[error.problem.path] = error.problem
    return problems, list(uncountable.values())


def sink_heap(specification: Specification) -> SinkHeap:
    """Return the heap that one worker needs to run all connectors of the stack, even as the last worker.

    Raises:
        UncountableError: If a size cannot be counted.
    """
    streaming, archive = specification.streaming, specification.archive
    topics = {topic.name: topic.partitions for topic in streaming.kafka.topics}
    sizes = sink.parquet_of(archive.tables[0].properties) if archive.tables else None
    with counting("archive"):
        record = largest_record(specification)
        heaps = [sink.memory(one.config, topics, tables=sizes, record=record) for one in archive.connectors]
        return together(heaps, sink.source_heap(streaming.source_connector.config))


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {whole_mib(size)}" for name, size in sizes.items())


def _budget(specification: Specification) -> Iterator[Problem]:
    used, budget = specification.memory_mib, specification.settings.budget.memory_mib
    if used > budget:
        # what one container keeps: with less, none of them runs
        lower = f", or lower source.memoryMib or a memoryMib of streaming by {used - budget} MiB"
        yield Problem(
            path="budget.memoryMib",
            rule=f"the pods may use {used} MiB together and budget.memoryMib is {budget}",
            cure=f"raise it to {used}{lower if used - budget <= specification.largest_container_mib - _LEAST_MIB else ''}",
        )


def _java(specification: Specification) -> Iterator[Problem]:
    streaming = specification.streaming
    if streaming.kafka.created is not None:
        added = threads.of_broker(streaming.kafka.created.properties[0])
        yield from _java_in("streaming.kafka", streaming.kafka.created.workload, added)
    tasks = threads.of_worker([one.config for one in specification.connectors])
    yield from _java_in("streaming.connect", streaming.connect.workload, {"tasks.max": tasks} if tasks else {})
    if streaming.registry is not None:
        yield from _java_in("streaming.registry", streaming.registry.workload, {})


def _java_in(path: str, workload: Workload, added: Mapping[str, int]) -> Iterator[Problem]:
    """Yield the problem of one process; ``added`` are the threads that keys of its configuration add."""
    limit = pods.limit(workload.process)
    java = jvm.memory(workload.process, limit, threads=sum(added.values()))
    over = whole_mib(java.needed) - limit // MIB
    if over > 0:
        without = jvm.memory(workload.process, limit)
        by_keys = whole_mib(without.needed) <= limit // MIB
        cures = [f"lower {', '.join(threads.told(added))}"] if by_keys else []
        cures += [f"lower heapMib by {over}"] if java.heap // MIB - over >= SMALLEST_HEAP_MIB else []
        yield Problem(
            path=f"{path}.extra" if by_keys and "tasks.max" not in added else f"{path}.jvm",
            rule=f"Java may take {whole_mib(java.needed)} MiB ({_parts(java.parts())}), but its container has {limit // MIB} MiB",
            cure=" or ".join([*cures, f"raise {path}.memoryMib by {over}"]),
        )


def _postgres(specification: Specification) -> Iterator[Problem]:
    source, created = specification.settings.source, specification.source.created
    if created is None:
        return
    with counting("source.parameters"):
        parameters = postgres_parameters.as_read(created.parameters)
        needs = postgres.memory(parameters, audited=specification.audit is not None)
        joined = postgres.shm_bytes(parameters) - postgres.SHM_MIB * MIB
    over = whole_mib(needs.needed) - source.memory_mib
    if over > 0:
        rule = f"PostgreSQL may take {whole_mib(needs.needed)} MiB ({_parts(needs.parts())}), but its pod has {source.memory_mib} MiB"
        yield Problem(
            path="source",
            rule=rule,
            cure=f"{_smaller(source, parameters, over, audited=specification.audit is not None)}raise source.memoryMib by {over}",
        )
    if joined > 0:
        yield Problem(
            path="source.parameters",
            rule=f"a parallel query may take {whole_mib(joined) + postgres.SHM_MIB} MiB of /dev/shm (work_mem x hash_mem_multiplier for "
            f"each of max_parallel_workers_per_gather and the leader), and the pod has {postgres.SHM_MIB} there",
            cure="lower work_mem or max_parallel_workers_per_gather, or set dynamic_shared_memory_type to mmap",
        )


def _smaller(source: SourceSettings, parameters: Mapping[str, str], over: int, *, audited: bool) -> str:
    """Return the part of the cure that takes ``over`` MiB away, by the parameters of the stack that add most, or else by the settings."""
    further = postgres_parameters.as_read(source.parameters)
    own = postgres_parameters.as_read(server_parameters(source.model_copy(update={"parameters": {}}), audited=audited))
    without = {name: {**own, **{other: value for other, value in further.items() if other != name}} for name in further}
    heavy = postgres.enough(postgres.savings(parameters, without), over * MIB)
    if heavy:
        return f"lower or remove {', '.join(f'{name} ({further[name]})' for name in heavy)} in source.parameters, or "
    needs = postgres.memory(parameters)
    fewer = -(-over * MIB * source.max_connections // needs.backends)
    ways = [f"sharedBuffersMib ({source.shared_buffers_mib}) by {over}"] if over < source.shared_buffers_mib else []
    if source.max_connections - fewer >= LEAST_CONNECTIONS:
        ways.append(f"maxConnections ({source.max_connections}) by {fewer}")
    return f"lower {' or '.join(ways)}, or " if ways else ""


def _sink(specification: Specification) -> Iterator[Problem]:
    heap, configured = sink_heap(specification), specification.streaming.connect.heap_mib
    over = whole_mib(heap.needed) - configured
    if over > 0:
        wide = ", streaming.topics.maxRecordMib" if specification.settings.streaming.topics.max_record_mib else ""
        files = "archive.flushRecords" if specification.settings.archive.format == "parquet" else "archive.commitIntervalMs"
        yield Problem(
            path="streaming.connect.jvm.heapMib",
            rule=f"is {configured}, but the connectors need {whole_mib(heap.needed)} MiB ({_parts(heap.parts())}; each further table needs "
            f"{whole_mib(heap.per_table)})",
            cure=f"lower archive.tasks, {files}{wide}, streaming.topics.partitions or source.debezium.maxQueueMib, or raise heapMib by "
            f"{over}",
        )


def _wide(specification: Specification) -> Iterator[Problem]:
    streaming, record = specification.settings.streaming, largest_record(specification)
    needed = wide_rows.of_worker(sink_heap(specification).direct, 1, record)
    over = whole_mib(needed) - streaming.connect.jvm.direct_mib
    if over > 0 and record > MIB:
        yield Problem(
            path="streaming.topics.maxRecordMib",
            rule=f"is {whole_mib(record)}: rows of that size need {whole_mib(needed)} MiB of buffers outside the heap, and "
            f"streaming.connect.jvm.directMib is {streaming.connect.jvm.direct_mib}",
            cure=f"lower it or archive.tasks, take a codec of Parquet without such buffers, as zstd, or raise directMib and "
            f"streaming.connect.memoryMib by {over}",
        )
