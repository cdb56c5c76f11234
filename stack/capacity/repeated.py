"""Programs that a container starts several times at once: in the background of a loop, or by xargs and parallel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stack.capacity.commands import basename, in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

# Options by which xargs runs several at a time
_AT_ONCE = ("-P", "--max-procs")


def several(container: Mapping[str, Any], program: str) -> str | None:
    """Return how a container starts a program several times at once, for a message; None where it does not.

    Args:
        container: The container in Kubernetes' own spelling.
        program: Name of the program.
    """
    depth = 0
    for command in in_order(container):
        first = basename(command[0]) if command else ""
        if first == "do":
            depth += 1
        elif first == "done":
            depth = max(depth - 1, 0)
        names = [basename(word) for word in command]
        if program not in names:
            continue
        before = names[: names.index(program)]
        if depth and command[-1] == "&":
            return "by a loop in the background"
        if "parallel" in before:
            return "by parallel"
        if "xargs" in before and _most(command) != 1:
            return "by xargs with several processes"
    return None


def _most(command: list[str]) -> int | None:
    """Return how many processes xargs starts at once: one where no option says it, None where no number does."""
    for at, word in enumerate(command):
        for option in _AT_ONCE:
            if word.startswith(option):
                said = word.removeprefix(option).removeprefix("=") or (command[at + 1] if at + 1 < len(command) else "")
                return int(said) if said.isdecimal() else None
    return 1
