"""The audit's word on a run: what is in Kafka and in the archive, counted by another program that knows nothing of the load."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

from pipeline.audit import auditing
from pipeline.audit.options import Options
from pipeline.audit.report import Verdict
from pipeline.reading.saved_outputs import STACK
from pipeline.reading.stack import running

if TYPE_CHECKING:
    from pipeline.audit.report import Report
    from pipeline.checks.progress import Progress

_SHOWN: Final = 5


def complaints(since_ms: int, progress: Progress) -> list[str]:
    """Audit every table from Kafka's records of a moment on; the load's books stand for the database's log.

    Args:
        since_ms: The moment, in milliseconds since 1970.
        progress: Shows how far it is.

    Returns:
        What is wrong or could not be decided, the first few of each table.
    """
    return worded(auditing.run(running(STACK), options=Options(since_ms=since_ms), progress=progress))


def worded(report: Report) -> list[str]:
    """Return a report's faults in words; nothing of one that is clean."""
    if report.verdict is Verdict.CLEAN:
        return []
    undecided = [*report.undecided, *itertools.chain.from_iterable(table.undecided for table in report.tables)]
    lines = [f"the audit could not decide: {reason}" for reason in undecided]
    for table in report.tables:
        if table.faults:
            listed = "; ".join(str(finding) for finding in table.faults[:_SHOWN])
            lines.append(f"the audit of {table.name} names {len(table.faults)} faults, for example {listed}")
    return lines
