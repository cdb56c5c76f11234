"""Memory of a stack as an SVG picture: each workload's limit by purpose, the sum, and the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from policy.fit_rules import is_audited, server_file, sized_containers
from policy.kinds import mib, starts_pods
from stack.capacity import jvm, jvm_flags, postgres, postgres_parameters
from stack.capacity.quantity import MIB
from stack.capacity.workloads import workload

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record
    from stack.capacity.workloads import Total

_COLOURS: Final = {
    "heap": "#7ba3cf",
    "off-heap": "#9ecae9",
    "page cache": "#8fce87",
    "shared buffers": "#cba0c0",
    "connections and workers": "#ff9da6",
    "other processes": "#bab0ac",
    "reserve": "#e8e8e8",
}
_LABEL_WIDTH: Final = 190
_BAR_WIDTH: Final = 620
_ROW: Final = 34
_BAR: Final = 22
_TOP: Final = 58


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the picture.

    Attributes:
        label: Name of the pod.
        parts: Bytes by purpose, in order.
    """

    label: str
    parts: Mapping[str, int]


def spent(resource: Declared, record: Record) -> dict[str, int]:
    """Return one pod's memory limit by purpose, in bytes; unassigned memory is ``reserve``."""
    parts: dict[str, int] = dict.fromkeys(_COLOURS, 0)
    for spec, container, limit in sized_containers(resource):
        if any(container is one for one in spec.get("initContainers") or []):
            continue
        if jvm_flags.is_java(container):
            java = jvm.memory(container, limit)
            used = {"heap": java.heap, "off-heap": java.off_heap, "page cache": java.page_cache}
        elif postgres_parameters.is_postgres(container):
            text = server_file(record, str(resource.namespace), spec, container)
            needs = postgres.memory(postgres_parameters.parameters(container, text or ""), audited=is_audited(record))
            used = {"shared buffers": needs.shared, "connections and workers": needs.needed - needs.shared}
        else:
            used = {"other processes": limit}
        for name, size in used.items():
            parts[name] += size
        parts["reserve"] += max(limit - sum(used.values()), 0)
    return {name: size for name, size in parts.items() if size}


def bars(record: Record) -> list[Bar]:
    """Return a row for each pod of each workload of the pipeline, largest workload first; other namespaces have budgets of their own."""
    workloads = []
    for resource in record.resources.values():
        if starts_pods(resource) and resource.namespace not in record.limits.further:
            part = workload(resource.kind, resource.inputs, nodes=record.limits.nodes)
            parts = spent(resource, record)
            rows = [Bar(f"{part.name}{f'-{number}' if part.replicas > 1 else ''}", parts) for number in range(part.replicas)]
            workloads.append((part.steady, part.name, rows))
    return [bar for _size, _name, rows in sorted(workloads, key=lambda item: (-item[0], item[1])) for bar in rows]


def drawn(record: Record, sums: Total, stack: str) -> str:
    """Return the picture of a stack as SVG text."""
    return svg(bars(record), sums, f"Memory of the stack {stack}")


def svg(rows: list[Bar], sums: Total, title: str) -> str:
    """Render the picture as SVG text.

    Args:
        rows: One bar each.
        sums: The stack's sums, for the last bar, the peak and the budget.
        title: Heading.
    """
    scale = _BAR_WIDTH / max([sums.budget, sums.peak, 1])
    widest = max([sum(row.parts.values()) for row in rows], default=1)
    pod_scale = _BAR_WIDTH * 0.62 / widest
    height = _TOP + _ROW * (len(rows) + 1) + 62
    width = _LABEL_WIDTH + _BAR_WIDTH + 110
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="28" font-size="17" font-weight="bold" fill="#222222">{escape(title)}</text>',
        '<text x="16" y="47" fill="#555555">each pod in MiB (separate scale), then all pods against the budget</text>',
    ]
    y = _TOP
    for row in rows:
        lines += _bar(row, y, pod_scale)
        y += _ROW
    lines += _sum(sums, y + 14, scale)
    lines += _legend({name for row in rows for name in row.parts}, y + 66)
    return "\n".join([*lines, "</svg>", ""])


def _bar(row: Bar, y: int, scale: float) -> Iterator[str]:
    total = sum(row.parts.values())
    yield f'<text x="{_LABEL_WIDTH - 10}" y="{y + 16}" text-anchor="end" fill="#222222">{escape(row.label)}</text>'
    x = float(_LABEL_WIDTH)
    for name, size in row.parts.items():
        wide = size * scale
        yield f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{_BAR}" fill="{_COLOURS[name]}" stroke="#ffffff"/>'
        if wide > 34:  # noqa: PLR2004 - a narrower bar cannot contain its number
            yield f'<text x="{x + wide / 2:.1f}" y="{y + 15}" text-anchor="middle" font-size="11" fill="#222222">{round(size / MIB)}</text>'
        x += wide
    yield f'<text x="{x + 8:.1f}" y="{y + 16}" fill="#222222">{mib(total)}</text>'


def _sum(sums: Total, y: int, scale: float) -> Iterator[str]:
    steady, peak, budget = (size * scale for size in (sums.steady, sums.peak, sums.budget))
    over = sums.peak > sums.budget
    yield f'<text x="{_LABEL_WIDTH - 10}" y="{y + 16}" text-anchor="end" font-weight="bold" fill="#222222">all pods</text>'
    yield f'<rect x="{_LABEL_WIDTH}" y="{y}" width="{peak:.1f}" height="{_BAR}" fill="{"#e45756" if over else "#f2cf5b"}"/>'
    yield f'<rect x="{_LABEL_WIDTH}" y="{y}" width="{steady:.1f}" height="{_BAR}" fill="#72b7b2"/>'
    line = _LABEL_WIDTH + budget
    yield f'<line x1="{line:.1f}" y1="{y - 8}" x2="{line:.1f}" y2="{y + _BAR + 8}" stroke="#b00020" stroke-width="2"/>'
    yield (
        f'<text x="{_LABEL_WIDTH}" y="{y + 40}" fill="#222222">steady {mib(sums.steady)}, at the peak of all rollouts at once '
        f"{mib(sums.peak)}, budget {mib(sums.budget)} MiB</text>"
    )


def _legend(used: set[str], y: int) -> Iterator[str]:
    x = 16
    for name, colour in _COLOURS.items():
        if name in used:
            yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{colour}"/>'
            yield f'<text x="{x + 17}" y="{y + 11}" font-size="12" fill="#222222">{name}</text>'
            x += 36 + 7 * len(name)
