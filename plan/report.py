"""What a recording looks like to a person: the tree of resources and the table of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from capacity.workloads import total
from policy.budget_rules import counted_workloads
from policy.kinds import mib as _mib
from policy.sink_rules import sink_heap, sinks, worker_heap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from capacity.workloads import Total
    from policy.declared import Record
    from policy.rule import Violation
    from recording.recorder import Recording
    from recording.registration import Resource

_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_RED: Final = "\x1b[31m"
_GREEN: Final = "\x1b[32m"
_YELLOW: Final = "\x1b[33m"
_PLAIN: Final = "\x1b[0m"


@dataclass(frozen=True)
class Paint:
    """Emphasis for terminals, or none."""

    colours: bool

    def bold(self, text: str) -> str:
        """Emphasise."""
        return f"{_BOLD}{text}{_PLAIN}" if self.colours else text

    def dim(self, text: str) -> str:
        """Step back."""
        return f"{_DIM}{text}{_PLAIN}" if self.colours else text

    def green(self, text: str) -> str:
        """Assure."""
        return f"{_GREEN}{text}{_PLAIN}" if self.colours else text

    def yellow(self, text: str) -> str:
        """Ask to look."""
        return f"{_YELLOW}{text}{_PLAIN}" if self.colours else text

    def red(self, text: str) -> str:
        """Warn."""
        return f"{_RED}{text}{_PLAIN}" if self.colours else text


def tree(recording: Recording, paint: Paint) -> str:
    """Draw the resources under their parents, components first, then by type and name."""
    roots = [resource for resource in recording.resources if recording.parent(resource) is None]
    head = f"{recording.project}-{recording.stack}: {len(recording.resources)} resources"
    return "\n".join([paint.bold(head), *_branches(recording, roots, "", paint)])


def _branches(recording: Recording, resources: list[Resource], indent: str, paint: Paint) -> Iterator[str]:
    ordered = sorted(resources, key=lambda item: (item.custom, not item.is_provider, item.type, item.name))
    for resource in ordered:
        last = resource is ordered[-1]
        kind = resource.type.rpartition(":")[2] if not resource.is_provider else "provider"
        name = resource.name if resource.custom else paint.bold(resource.name)
        yield f"{indent}{'└─' if last else '├─'} {name}  {paint.dim(kind)}"
        yield from _branches(recording, list(recording.children(resource.urn)), indent + ("   " if last else "│  "), paint)


def memory(record: Record) -> Total:
    """Add up the memory of everything declared, as the rules count it; what cannot be read is left out, and a violation."""
    return total(counted_workloads(record), sum(record.limits.memory.values()))


def memory_table(sums: Total, paint: Paint) -> str:
    """Print memory per workload, in MiB: one pod, all pods when calm, and the most during a rollout."""
    rows = [("workload", "pods", "each", "steady", "peak")]
    rows += [
        (f"{part.kind} {part.name}", str(part.replicas), _mib(part.pod), _mib(part.steady), _mib(part.peak)) for part in sums.workloads
    ]
    rows.append(("all", "", "", _mib(sums.steady), _mib(sums.peak)))
    rows.append(("budget", "", "", _mib(sums.budget), _mib(sums.budget)))
    rows.append(("free", "", "", _mib(sums.free), _mib(sums.budget - sums.peak)))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        row[0].ljust(widths[0]) + "".join(f"  {text.rjust(width)}" for text, width in zip(row[1:], widths[1:], strict=True)) for row in rows
    ]
    lines[0] = paint.bold(lines[0])
    if sums.peak > sums.budget:
        lines[-1] = paint.red(lines[-1])
    return "\n".join(["Memory in MiB", *lines])


def heap_line(record: Record) -> Iterator[str]:
    """Print what the worker's heap is spent on for each sink, in MiB, and what one more table would cost."""
    worker = worker_heap(record)
    for connector in sinks(record) if worker else ():
        heap, given = sink_heap(connector, record), worker[1] if worker else 0
        parts = ", ".join(f"{name} {_mib(size)}" for name, size in heap.parts().items())
        more = max((given - heap.needed) // max(heap.per_table, 1), 0)
        yield (
            f"Heap of Connect in MiB: {_mib(heap.needed)} of {_mib(given)} ({parts}).\n"
            f"One more table costs {_mib(heap.per_table)}; {more} more fit."
        )


def judgement(found: Sequence[Violation], paint: Paint) -> str:
    """Print violations, each under its rule, and how many there are of each level."""
    lines = []
    for violation in found:
        first, *others = violation.message.splitlines()
        word = paint.red(paint.bold("refused")) if violation.level == "mandatory" else paint.yellow("warning")
        lines += [f"{word} {paint.bold(violation.rule)}", f"  {first}", *(f"    {line}" for line in others)]
    mandatory = sum(violation.level == "mandatory" for violation in found)
    warnings = len(found) - mandatory
    summary = f"Policies: {mandatory} violation{'s'[mandatory == 1 :]}, {warnings} warning{'s'[warnings == 1 :]}"
    return "\n".join([*lines, paint.red(summary) if mandatory else paint.green(summary)])
