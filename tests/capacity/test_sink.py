"""Heap of a sink's open files, and the cost of one more table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.sink import BACKLOG_HOURS, Parquet, SinkError, memory, parquet_of, source_heap
from stack.configs.classes import ICEBERG_SINK, PLAIN_ICEBERG_SINK, S3_SINK

MIB = 2**20
SMALL = Parquet(row_group=4 * MIB, page=64 * 1024)


def topics(number: int, partitions: int = 6) -> dict[str, int]:
    """Return the topics of a stack by name, with their partitions."""
    return {f"t{at}": partitions for at in range(number)}


def config(sink: str, number: int, **more: str) -> dict[str, str]:
    """Return a sink's configuration for a number of topics; double underscores stand for dots."""
    keys = {key.replace("__", "."): value for key, value in more.items()}
    return {"connector.class": sink, "topics": ",".join(topics(number)), "tasks.max": "3", **keys}


@pytest.mark.parametrize("sink", [S3_SINK, ICEBERG_SINK])
@pytest.mark.parametrize("tasks", ["0", "-1"])
def test_a_number_of_tasks_below_one_counts_as_one(sink: str, tasks: str) -> None:
    assert memory(config(sink, 4, tasks__max=tasks), topics(4)) == memory(config(sink, 4, tasks__max="1"), topics(4))


# rows to a file, and the heap in MiB of 24 files with parts of 5 MiB that are allocated at once
NOTED = [(1_000, 140), (10_000, 225), (100_000, 350)]
# the same with parts that grow; both noted by hand in November 2026 from Parquet's writer alone, outside the pipeline and without the sink
# itself (docs/memory.md, "What the models leave out"); the repository has no script that repeats the measurement
NOTED_ELASTIC = [(20_000, 160), (50_000, 240)]


@pytest.mark.parametrize(("rows", "expected"), NOTED)
def test_the_formula_of_an_s3_sinks_files_gives_the_noted_figures_within_a_tenth(rows: int, expected: int) -> None:
    made = memory(config(S3_SINK, 4, flush__size=str(rows), s3__part__size=str(5 * MIB)), topics(4))
    assert made.files == 24
    assert made.files * made.file / MIB == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize(("rows", "expected"), NOTED_ELASTIC)
def test_the_formula_of_elastic_buffers_gives_the_noted_figures_within_a_tenth(rows: int, expected: int) -> None:
    keys = {"flush__size": str(rows), "s3__part__size": str(5 * MIB), "s3__elastic__buffer__enable": "true"}
    made = memory(config(S3_SINK, 4, **keys), topics(4))
    assert made.files * made.file / MIB == pytest.approx(expected, rel=0.1)


def test_an_iceberg_sink_opens_a_file_for_each_task_table_and_hour_of_a_days_backlog() -> None:
    made = memory(config(ICEBERG_SINK, 4), topics(4), tables=SMALL)
    assert made.files == 3 * 4 * BACKLOG_HOURS
    assert memory(config(ICEBERG_SINK, 4, tasks__max="1"), topics(4), tables=SMALL).files * 3 == made.files
    assert memory(config(ICEBERG_SINK, 1, tasks__max="24"), topics(1), tables=SMALL).files == 6 * BACKLOG_HOURS


@given(number=st.integers(1, 40), partitions=st.integers(1, 12), sink=st.sampled_from([S3_SINK, ICEBERG_SINK, PLAIN_ICEBERG_SINK]))
def test_one_more_table_costs_the_reported_heap(number: int, partitions: int, sink: str) -> None:
    keys = {"flush__size": "20000", "iceberg__control__commit__interval-ms": "10000"}
    before = memory(config(sink, number, **keys), topics(number, partitions), tables=SMALL)
    after = memory(config(sink, number + 1, **keys), topics(number + 1, partitions), tables=SMALL)
    assert after.needed - before.needed == before.per_table


@given(st.integers(1, 30), st.integers(0, 200_000), st.integers(0, 200_000))
def test_more_rows_never_take_less(number: int, rows: int, more: int) -> None:
    small, large = (memory(config(S3_SINK, number, flush__size=str(size)), topics(number)).needed for size in (rows, rows + more))
    assert small <= large


def test_the_source_beside_it_counts_its_queue() -> None:
    assert source_heap(None) == 0
    assert source_heap({"max.queue.size.in.bytes": str(32 * MIB)}) == 72 * MIB
    assert source_heap({}) > source_heap({"max.queue.size.in.bytes": str(8 * MIB)})


def test_rows_that_a_snapshot_reads_at_once_count_as_the_largest_as_far_as_the_queue_holds_them() -> None:
    bounded = {"max.queue.size.in.bytes": str(16 * MIB), "producer.override.max.request.size": str(4 * MIB)}
    quiet = source_heap(bounded)
    assert source_heap({**bounded, "snapshot.fetch.size": "4"}) == quiet + 16 * MIB
    assert source_heap({**bounded, "snapshot.fetch.size": "10244"}) == quiet + 16 * MIB + 10_240 * 2048


def test_a_snapshot_reads_one_of_the_largest_rows_whatever_the_queue_holds() -> None:
    small = {"max.queue.size.in.bytes": str(MIB), "producer.override.max.request.size": str(16 * MIB)}
    assert source_heap({**small, "snapshot.fetch.size": "1"}) == source_heap(small) + 16 * MIB


def test_a_producer_that_sends_nothing_is_counted_all_the_same() -> None:
    assert source_heap({"producer.override.max.request.size": "0"}) == source_heap({})


@pytest.mark.parametrize("keys", [{"topics": "t0,elsewhere"}, {"topics": ""}, {"flush.size": "many"}, {"tasks.max": "x"}])
def test_a_sink_that_cannot_be_counted_is_an_error(keys: dict[str, str]) -> None:
    with pytest.raises(SinkError):
        memory({**config(S3_SINK, 1), **keys}, topics(1))


def test_a_table_that_says_nothing_has_icebergs_own_sizes() -> None:
    assert parquet_of({}) == Parquet(128 * MIB, MIB)
    assert parquet_of({"write.parquet.row-group-size-bytes": "10", "write.parquet.page-size-bytes": "5"}) == Parquet(10, 5)
