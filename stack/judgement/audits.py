"""Rules for the scheduled audit: one that could not work is refused before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.capacity import audit as sizes
from stack.judgement.readers import namespace_problems, role_problems, secret_problems
from stack.problem import Problem
from stack.settings.audit import seconds
from stack.settings.schedule import longest_pause
from stack.specification.audit.document import patience_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings
    from stack.specification.stack import Specification

# Beside listening and waiting.
_WORK_S: Final = 60
_MOST_MINUTES: Final = 55


def audit_problems(specification: Specification) -> list[Problem]:
    """Return every reason why the scheduled audit of a stack could not work."""
    settings = specification.settings
    if not settings.audit.is_on:
        return []
    namespace = str(settings.audit_namespace)
    return [
        *namespace_problems(settings, "audit", namespace, {}),
        *role_problems(settings),
        *secret_problems(settings, "audit", namespace, settings.audit.secrets),
        *_memory(settings),
        *_disk(settings),
        *_window(settings),
        *_time(settings),
    ]


def _memory(settings: Settings) -> Iterator[Problem]:
    section, tables = settings.audit, len(settings.source.tables)
    least = sizes.least_mib(tables)
    if section.memory_mib < least:
        yield Problem(
            path="audit.memoryMib",
            rule=f"is {section.memory_mib}, and the audit of {tables} table(s) takes {least}: {sizes.TABLE_MIB} for each table, "
            f"{sizes.LEAST_COMPARISON_MIB} for the comparison, and the process itself",
            cure=f"raise it to {least}",
        )


def _disk(settings: Settings) -> Iterator[Problem]:
    given, least = settings.audit.disk_mib, sizes.LEAST_DISK_MIB
    if given < least:
        yield Problem(
            path="audit.diskMib",
            rule=f"is {given}, and a comparison takes {least}: DuckDB's files, and the rows of Kafka and of the database's log that "
            "are written at once; the node would end the pod for the size of its volume",
            cure=f"raise it to {least}",
        )


def _window(settings: Settings) -> Iterator[Problem]:
    """Check that each change of Kafka is in the window of some run."""
    section, pause = settings.audit, longest_pause(str(settings.audit.schedule))
    if seconds(section.since) < pause:
        hours = -(-pause // 3600)
        yield Problem(
            path="audit.since",
            rule=f"is {section.since}, and the schedule leaves up to {hours} h between two runs: a change between them is in none",
            cure=f"set it to {hours}h or more, or audit more often",
        )


def _time(settings: Settings) -> Iterator[Problem]:
    section, patience = settings.audit, patience_s(settings)
    needed = -(-(seconds(section.listen) + 2 * patience + _WORK_S) // 60)
    if section.deadline_minutes < needed:
        waits = f"{section.listen} of listening, and waits of {patience} s each for Kafka and the archive, which commits every "
        yield Problem(
            path="audit.deadlineMinutes",
            rule=f"is {section.deadline_minutes}, and a run takes up to {needed}: {waits}{settings.archive.interval_ms // 1000} s",
            cure=f"raise it to {needed}" if needed <= _MOST_MINUTES else "shorten audit.listen or archive.commitIntervalMs",
        )
