"""Settings of the scheduled audit."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from stack.settings.readers import ReaderSecrets
from stack.settings.schedule import schedule_fault
from stack.settings.section import Section
from stack.settings.types import DnsLabel, Mebibytes, Millicores, written


def _schedule(value: str) -> str:
    fault = schedule_fault(value)
    if fault:
        message = f"{fault}; write minute, hour, day of month, month and day of week, such as 17 * * * *, or @hourly, @daily or @weekly"
        raise ValueError(message)
    return value


# A schedule as a CronJob has it.
Schedule = Annotated[str, AfterValidator(_schedule)]

# Longest retention of a change topic (stack/settings/streaming.py): Kafka has nothing older.
_OLDEST_DAYS = 365

# A span of time such as 60s, 2h or 7d.
Span = Annotated[
    str, *written("[1-9][0-9]{0,5}[smhd]", "is no span of time: a whole number with s, m, h or d; write one such as 60s, 2h or 7d")
]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def seconds(span: str) -> int:
    """Return a span of time in seconds."""
    return int(span[:-1]) * _SECONDS[span[-1]]


def _age(span: str) -> str:
    if seconds(span) > _OLDEST_DAYS * _SECONDS["d"]:
        message = f"is longer than the {_OLDEST_DAYS} days for which a topic keeps changes at most; set it to {_OLDEST_DAYS}d or less"
        raise ValueError(message)
    return span


# An age of records in Kafka.
Age = Annotated[Span, AfterValidator(_age)]


class AuditSettings(Section):
    """The scheduled audit: a job in a namespace of its own, which accounts for every change of the stack."""

    schedule: Schedule | None = None
    """Times of the audit in UTC, as a CronJob has them, such as ``17 * * * *``; without it, none is declared. A run that is due while
    another one is at work is left out."""
    namespace: DnsLabel | None = None
    """Namespace of the job, which the program creates; by default ``<names.namespace>-audit``."""
    memory_mib: Mebibytes = 1024
    """Memory limit of the job's pod, and the quota of its namespace, beside ``budget.memoryMib``."""
    cpu_millicores: Millicores = 100
    """Processor request of the job's pod."""
    disk_mib: Mebibytes = 4096
    """Most space of the node's disk for the rows that the audit compares; it is freed with the pod."""
    since: Age = "2d"
    """Age of the oldest records of Kafka that are compared, such as ``2h`` or ``7d``; older rows of the archive are compared among
    themselves only. No shorter than the longest time between two runs, so that each change is in one of them."""
    listen: Span = "60s"
    """How long the database's log is listened to, by a temporary replication slot."""
    deadline_minutes: int = Field(default=30, ge=5, le=55, strict=True)
    """Minutes after which a run is ended, and its slot with it. Less than the hour for which AWS issues the role's credentials."""
    secrets: ReaderSecrets = ReaderSecrets()
    """Logins to existing systems."""

    @property
    def is_on(self) -> bool:
        """True if the stack has a scheduled audit."""
        return self.schedule is not None
