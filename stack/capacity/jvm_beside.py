"""Java that probes and hooks start in a container, beside its own process and within the same limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stack.capacity import jvm
from stack.capacity.jvm_flags import java_programs
from stack.capacity.jvm_scripts import of_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

# Those that may run at once: a startup probe ends before the others begin, and postStart before any probe
_AT_ONCE = (("startupProbe",), ("readinessProbe", "livenessProbe", "preStop"), ("postStart",))


def largest(container: Mapping[str, Any], limit: int) -> tuple[tuple[str, ...], int]:
    """Return which probes and hooks of a container start Java, of those that may run at once, and its maximum together in bytes.

    Args:
        container: The container in Kubernetes' own spelling.
        limit: Its memory limit in bytes, the base of percentages.

    Raises:
        capacity.jvm_flags.FlagError: For a flag that Java would refuse, or that this model cannot follow.
    """
    javas = dict(_javas(container))
    sizes = {place: jvm.memory(one, limit).needed for place, one in javas.items()}
    together = [tuple(place for place in places if place in sizes) for places in _AT_ONCE]
    return max(((places, sum(sizes[place] for place in places)) for places in together), key=lambda one: one[1])


def _javas(container: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each place with a command of Java, as a container of its own with the same variables."""
    lifecycle = container.get("lifecycle")
    hooks: Mapping[str, Any] = lifecycle if isinstance(lifecycle, Mapping) else {}
    for place in (place for places in _AT_ONCE for place in places):
        handler = container.get(place) or hooks.get(place)
        run = handler.get("exec") if isinstance(handler, Mapping) else None
        command = run.get("command") if isinstance(run, Mapping) else None
        if isinstance(command, (list, tuple)):
            one = {
                "name": container.get("name"),
                "command": list(command),
                "env": container.get("env"),
                "envFrom": container.get("envFrom"),
            }
            if java_programs(one) or of_commands(one) is not None:
                yield place, one
