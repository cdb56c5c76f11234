"""Memory of sessions with parameters of their own: those of a role or a database, or of a script that sets them for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.capacity.postgres import memory
from stack.capacity.postgres_values import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Sessions:
    """Sessions that have other parameters than the server.

    Attributes:
        about: Name for messages, such as ``role analyst``.
        parameters: Their parameters, names in lower case.
        most: Largest number of them at once, or None for as many as the server has connections.
    """

    about: str
    parameters: Mapping[str, str]
    most: int | None = None


def added(parameters: Mapping[str, str], sessions: Iterable[Sessions], *, slots: int = 1) -> dict[str, int]:
    """Return the memory that sessions take beyond the server's own model, in bytes, by their names; none for those that add nothing.

    Of sessions with one name the largest count: a script sets its parameters one after another.
    The sessions that take most come first, until all connections are used.

    Args:
        parameters: Parameters of the server.
        sessions: Sessions with parameters of their own.
        slots: Number of replication slots that are decoded at the same time.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse.
    """
    base, left = memory(parameters, slots=slots), count(parameters, "max_connections")
    connections = max(left, 1)
    widest: dict[str, tuple[int, int, int | None]] = {}
    for one in sessions:
        own = memory({**parameters, **one.parameters}, slots=slots)
        each = max(own.backends - base.backends, 0) // connections
        once = max((own.needed - own.backends) - (base.needed - base.backends), 0)
        widest[one.about] = max(widest.get(one.about, (0, 0, one.most)), (each, once, one.most), key=lambda item: item[:2])
    found: dict[str, int] = {}
    for about, (each, once, most) in sorted(widest.items(), key=lambda item: -item[1][0]):
        number = left if most is None else min(most, left)
        left -= number if each else 0
        size = each * number + once
        if size:
            found[about] = size
    return found
