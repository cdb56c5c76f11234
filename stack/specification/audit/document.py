"""Document of the audit's job: the description of the stack, and the options of a run. ``pipeline/audit/told.py`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.capacity import audit as sizes
from stack.settings.audit import seconds
from stack.specification import readers

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.specification.source.layer import Source

_LEAST_PATIENCE_S: Final = 120


def document(settings: Settings, source: Source, registry_url: str) -> dict[str, Any]:
    """Return the document.

    Args:
        settings: The stack's settings.
        source: Specification of the captured database.
        registry_url: Confluent-compatible API of the registry as pods reach it.
    """
    return {**readers.description(settings, source, registry_url), "options": _options(settings)}


def patience_s(settings: Settings) -> int:
    """Return how long a change on its way is waited for, in seconds: two commits of the archive, and at least two minutes."""
    return max(_LEAST_PATIENCE_S, 2 * settings.archive.interval_ms // 1000 + 60)


def _options(settings: Settings) -> dict[str, Any]:
    section, tables = settings.audit, len(settings.source.tables)
    return {
        "sinceSeconds": seconds(section.since),
        "listenSeconds": seconds(section.listen),
        "patienceSeconds": patience_s(settings),
        "memory": f"{sizes.comparison_mib(section.memory_mib, tables)}MiB",
        "threads": sizes.THREADS,
    }
