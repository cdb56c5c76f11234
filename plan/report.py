"""What a recording looks like to a person: the tree of resources and the table of memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from components.budget import WORKLOAD_KINDS, autoscaled, total, workload
from components.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from components.budget import Total
    from plan.recorder import Recording
    from plan.registration import Resource

_BOLD: Final = "\x1b[1m"
_DIM: Final = "\x1b[2m"
_RED: Final = "\x1b[31m"
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


def memory(recording: Recording, budget_mib: int) -> Total:
    """Add up the memory of the recorded workloads. Raises ValueError for one whose memory cannot be read."""
    objects = [resource for resource in recording.resources if resource.type.startswith("kubernetes:")]
    workloads = [resource for resource in objects if resource.inputs["kind"] in WORKLOAD_KINDS]
    parts = [workload(resource.inputs["kind"], resource.inputs) for resource in workloads]
    scalers = [resource.inputs for resource in objects if resource.inputs["kind"] == "HorizontalPodAutoscaler"]
    return total(autoscaled(parts, scalers), budget_mib * MIB)


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


def _mib(size: int) -> str:
    whole, rest = divmod(size, MIB)
    return str(whole) if not rest else f"{size / MIB:.1f}"
