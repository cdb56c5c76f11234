"""The comment's sections on the memory of each namespace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.review.document import Code, Paragraph, Section, Table
from policy.kinds import mib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.review.document import Cell
    from pipeline.review.findings import Findings
    from pipeline.review.memory import Memory
    from stack.capacity.workloads import Workload


def memory_sections(found: Findings) -> Iterator[Section]:
    """Yield a section for each namespace: a table if the memory changes, a line otherwise."""
    if not found.preview.complete:
        why = "The preview failed" if found.preview.errors else "This preview lacks unchanged resources (run it with --show-sames)"
        yield Section("Memory", (Paragraph(f"{why}, so the memory cannot be totalled."),))
        return
    for one in found.memory:
        title = f"Memory of {one.namespace} in MiB"
        problems = tuple(Paragraph(f"Not counted: {line}.") for line in one.uncounted)
        if one.changed or one.over or problems:
            yield Section(title, (_memory_table(one), *problems))
        else:
            sums = one.after
            yield Section(title, (Paragraph(f"Unchanged: {mib(sums.steady)} of {_budget(sums.budget)}, {mib(sums.peak)} in a rollout."),))


def _memory_table(one: Memory) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (Code(title), _pods(old), _pods(new), _step(old.steady if old else 0, new.steady if new else 0)) for title, old, new in one.rows()
    ]
    before, after = one.before, one.after
    rows += [
        ("all", mib(before.steady), mib(after.steady), _step(before.steady, after.steady)),
        ("all, while everything rolls out", mib(before.peak), mib(after.peak), _step(before.peak, after.peak)),
        ("budget", _budget(before.budget), _budget(after.budget), _step(before.budget, after.budget)),
        ("free in a rollout", _free(before.budget, before.peak), _free(after.budget, after.peak), "OVER" if one.over else ""),
    ]
    return Table(("workload", "before", "after", "change"), tuple(rows), texts=1)


def _budget(size: int) -> str:
    return mib(size) if size else "none"


def _free(budget: int, peak: int) -> str:
    return mib(budget - peak) if budget else ""


def _pods(part: Workload | None) -> str:
    if part is None:
        return ""
    return mib(part.pod) if part.replicas == 1 else f"{part.replicas} x {mib(part.pod)} = {mib(part.steady)}"


def _step(before: int, after: int) -> str:
    return "" if before == after else f"{'+' if after > before else '−'}{mib(abs(after - before))}"  # noqa: RUF001 - a minus sign
