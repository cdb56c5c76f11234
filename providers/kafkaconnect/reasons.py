"""Reasons of failed parts, told in a few lines however many parts failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from providers.kafkaconnect.causes import explained, known_cause
from providers.readable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from providers.kafkaconnect.causes import Cause
    from providers.kafkaconnect.status import Part

# gRPC carries an error in a header, which has a limit
_TOLD: Final = 3
_JUDGED: Final = 20


def reasons(failed: Sequence[Part]) -> list[tuple[str, str]]:
    """Return who failed and why: each different reason once, the connector's own and those with a known cure first."""
    distinct = _by_trace(failed)
    judged = [(trace, parts, known_cause(trace)) for trace, parts in list(distinct.items())[:_JUDGED]]
    judged.sort(key=lambda told: (told[1][0].label != "connector", told[2] is None))
    told = [(_named(parts), printable(explained(trace)) or "the worker gives no reason") for trace, parts, _ in judged[:_TOLD]]
    if len(distinct) > _TOLD:
        count = sum(len(parts) for parts in distinct.values()) - sum(len(parts) for _, parts, _ in judged[:_TOLD])
        told.append((_counted(count), "for other reasons; see the worker's log"))
    return told


def causes(failed: Sequence[Part]) -> list[Cause | None]:
    """Return the known cause of each different reason, of the first ones of very many."""
    return [known_cause(trace) for trace in list(_by_trace(failed))[:_JUDGED]]


def _by_trace(failed: Sequence[Part]) -> dict[str, list[Part]]:
    distinct: dict[str, list[Part]] = {}
    for part in failed:
        distinct.setdefault(part.trace, []).append(part)
    return distinct


def _named(parts: Sequence[Part]) -> str:
    return parts[0].label + (f" and {_counted(len(parts) - 1)}" if len(parts) > 1 else "")


def _counted(count: int) -> str:
    return f"{count} more task{'s' if count > 1 else ''}"
