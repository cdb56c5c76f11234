"""Panels of a Java process: heap, collections, threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards.panels import Panel, Query, above

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

_OLD: Final = 'pool=~"Tenured Gen|.+ Old Gen"'


def panels(stack: Stack, job: str, workload: str) -> tuple[Panel, ...]:
    """Return the panels of the processes of one job.

    Args:
        stack: The stack.
        job: Label ``job`` of their figures.
        workload: Their workload.
    """
    heap = f'jvm_memory_pool_collection_used_bytes{{job="{job}", {_OLD}}} / jvm_memory_pool_max_bytes{{job="{job}", {_OLD}}}'
    return (
        Panel(
            title="Heap after a collection",
            shows="Part of the old generation that is in use after its last collection.",
            bad="Above 0.85 the heap is too small: collections follow each other, and then the process ends.",
            command=stack.command("plan"),
            unit=units.PercentUnit,
            queries=(Query(f"max by (pod) ({heap})", "{{pod}}"),),
            steps=above(0.85, 0.95),
            most=1,
        ),
        Panel(
            title="Time spent in collections",
            shows="Part of the time that the process stands still for its garbage collector.",
            bad="Above 0.1 it does little else: enlarge its heap.",
            command=stack.command("plan"),
            unit=units.PercentUnit,
            queries=(Query(f'sum by (pod) (rate(jvm_gc_collection_seconds_sum{{job="{job}"}}[$__rate_interval]))', "{{pod}}"),),
            steps=above(0.1, 0.5),
        ),
        Panel(
            title="Last pause of each collector",
            shows="Length of the last pause; shorter pauses between two looks are missed.",
            bad="Copy above 50 ms: a busy processor or a large young generation. A full collection takes longer.",
            command=stack.command("plan"),
            unit=units.Seconds,
            queries=(Query(f'max by (pod, gc) (jvm_gc_last_pause_seconds{{job="{job}"}})', "{{pod}} {{gc}}"),),
            steps=above(0.05),
        ),
        Panel(
            title="Threads",
            shows="Threads of the process.",
            bad="A line that only rises: something leaks threads, and each takes memory outside the heap.",
            command=stack.logs(workload),
            unit=units.Short,
            queries=(Query(f'max by (pod) (jvm_threads_current{{job="{job}"}})', "{{pod}}"),),
        ),
    )
