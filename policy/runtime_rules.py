"""Rule for Go, Node.js and .NET: what bounds their heaps is no more than the memory of their containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.fit_rules import sized_containers
from policy.kinds import mib
from policy.rule import Rule
from stack.capacity.quantity import whole_mib
from stack.capacity.runtimes import bounds
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


def _runtime_fits(resource: Declared, _record: Record) -> Iterator[Problem]:
    for _spec, container, left in sized_containers(resource):
        about = f"container {container.get('name')!r}"
        for bound in bounds(container):
            most = bound.within(left)
            if bound.size is None:
                yield Problem(
                    about=f"{about}: {bound.name}",
                    rule=f"is no size that {bound.runtime} takes, which ends at once with it",
                    cure=f"set it to {most}",
                )
            elif bound.size > left:
                beside = f", and {mib(bound.besides)} MiB beside it" if bound.besides else ""
                lower = f"set it to {most} or less, or " if most else ""
                yield Problem(
                    about=about,
                    key=bound.name,
                    value=bound.value,
                    rule=f"lets the heap of {bound.runtime} take {mib(bound.size - bound.besides)} MiB{beside}, with {mib(left)} "
                    "available, so that the kernel ends the process before the runtime collects",
                    cure=f"{lower}raise the limit by {whole_mib(bound.size - left)}Mi",
                )


RULES = (
    Rule(
        name="runtime-fits",
        says="A bound of the heap of Go, Node.js or .NET is no more than its container's limit.",
        check=_runtime_fits,
    ),
)
