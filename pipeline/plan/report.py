"""Report of a recording: the tree of resources and the table of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from policy.budget_rules import counted_workloads, namespace_total
from policy.kinds import mib as _mib
from policy.sink_rules import largest_record, sink_heap, sinks, worker_heap
from stack.capacity.sink_heap import together
from stack.capacity.workloads import total

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from pipeline.recording.recording import Recording
    from pipeline.recording.registration import Resource
    from policy.declared import Record
    from policy.rule import Violation
    from stack.capacity.workloads import Total


_GUIDES: Final = [("   ", "│  ", "├─ ", "└─ ")] * 3  # of plain, bold and double lines, which rich draws wider


def tree(recording: Recording) -> RenderableType:
    """Return the resources under their parents, components first, then by type and name."""
    roots = [resource for resource in recording.resources if recording.parent(resource) is None]
    drawn = Tree(Text(f"{recording.project}-{recording.stack}: {len(recording.resources)} resources", "bold"))
    drawn.TREE_GUIDES = _GUIDES
    _grow(drawn, recording, roots)
    return drawn


def _grow(branch: Tree, recording: Recording, resources: Sequence[Resource]) -> None:
    for resource in sorted(resources, key=lambda item: (item.custom, not item.is_provider, item.type, item.name)):
        kind = resource.type.rpartition(":")[2] if not resource.is_provider else "provider"
        name = Text(resource.name, "" if resource.custom else "bold")
        _grow(branch.add(Text.assemble(name, "  ", (kind, "dim"))), recording, list(recording.children(resource.urn)))


def memory(record: Record) -> Total:
    """Add up the memory of everything declared, as the rules count it; what cannot be read is left out, and a violation.

    The stack's further namespaces have sums of their own.
    """
    parts, limits = counted_workloads(record), record.limits
    for namespace in limits.further:
        for part in counted_workloads(record, namespace):
            parts.remove(part)
    return total(parts, sum(budget for namespace, budget in limits.memory.items() if namespace not in limits.further))


def further_memory(record: Record) -> dict[str, Total]:
    """Add up the memory of each further namespace of the stack, by name."""
    return {namespace: namespace_total(record, namespace) for namespace in record.limits.further}


def memory_table(sums: Total, heading: str = "Memory in MiB") -> RenderableType:
    """Memory per workload, in MiB: one pod, all pods when calm, and the most during a rollout."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("workload")
    for title in ("pods", "each", "steady", "peak"):
        table.add_column(title, justify="right")
    for part in sums.workloads:
        table.add_row(f"{part.kind} {part.name}", str(part.replicas), _mib(part.pod), _mib(part.steady), _mib(part.peak))
    table.add_row("all", "", "", _mib(sums.steady), _mib(sums.peak))
    table.add_row("budget", "", "", _mib(sums.budget), _mib(sums.budget))
    over = "red" if sums.peak > sums.budget else ""
    table.add_row("free", "", "", _mib(sums.free), _mib(sums.budget - sums.peak), style=over)
    return Group(heading, table)


def heap_line(record: Record, further_tables: int) -> Iterator[str]:
    """Heap of the worker with all sinks, in MiB, and the cost of one more table.

    Args:
        record: Everything that the stack declares.
        further_tables: How many more tables fit.
    """
    worker = worker_heap(record)
    found = list(sinks(record))
    if worker and found:
        heaps, given = [sink_heap(connector, record) for connector in found], worker[1]
        heap, row = together(heaps, heaps[0].source), max(largest_record(connector.inputs["config"], record) for connector in found)
        parts = ", ".join(f"{name} {_mib(size)}" for name, size in heap.parts().items())
        places = "in heap" + (" and on the brokers' disks" if any(part.name == "kafka" for part in counted_workloads(record)) else "")
        yield (
            f"Heap of Connect in MiB: {_mib(heap.needed)} of {_mib(given)} ({parts}).\n"
            f"One more table costs {_mib(heap.per_table)} MiB of it; {further_tables} more fit, {places}.\n"
            f"A row may have {_mib(row)} MiB."
        )


def not_judged(recording: Recording) -> Iterator[RenderableType]:
    """Yield the parts that only the engine knows, which the preview with the policy pack judges."""
    if recording.unjudged:
        yield Text("Not judged offline, only by pulumi preview with the policy pack:", "yellow")
        yield from (Text(f"  {one}") for one in recording.unjudged)


def judgement(found: Sequence[Violation]) -> RenderableType:
    """Violations, each under its rule, and how many there are of each level."""
    lines = []
    for violation in found:
        first, *others = violation.message.splitlines()
        word = ("refused", "bold red") if violation.level == "mandatory" else ("warning", "yellow")
        lines += [Text.assemble(word, " ", (violation.rule, "bold")), Text(f"  {first}"), *(Text(f"    {line}") for line in others)]
    mandatory = sum(violation.level == "mandatory" for violation in found)
    warnings = len(found) - mandatory
    summary = f"Policies: {mandatory} violation{'s'[mandatory == 1 :]}, {warnings} warning{'s'[warnings == 1 :]}"
    return Group(*lines, Text(summary, "red" if mandatory else "green"))
