"""Commands about backfills: start, status, pause, resume, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.backfill import signals
from pipeline.backfill.channel import ChannelError
from pipeline.backfill.condition import ConditionError, parsed
from pipeline.backfill.running import Backfills, NotReadError, NotStoredError
from pipeline.checks.lines import Lines
from pipeline.checks.neutral import complain
from pipeline.description.running import described
from pipeline.description.stack import UnansweredError
from pipeline.reading.chosen_tables import NoTableError, chosen
from pipeline.reading.stack import NotRunningError, running
from pipeline.recording.stackfile import StackFileError, UnknownStackError
from providers.kafkaconnect.errors import NotNowError
from providers.operations import ProviderError
from stack.judgement.stack import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reading.stack import RunningStack
    from stack.settings.tables import Table

FINE, WRONG, USAGE = 0, 1, 2


def start(stack: str, table: str, where: str | None, *, wait: bool, hours: float) -> int:
    """Read a table again, or a part of it.

    Args:
        stack: Name of a stack file.
        table: Name of the table, with its schema where two have one name.
        where: Condition of the rows; all by default.
        wait: Whether to return at the end of the backfill only.
        hours: Time limit of the wait.
    """

    def work(of: RunningStack) -> int:
        (one,) = chosen(of.tables, [table])
        condition = parsed(where, one) if where else None
        backfills = Backfills.of(described(of))
        before = backfills.progress()
        if one.in_database in before.tables:
            complain(f"error: a backfill of {one.qualified} runs already ({before}); wait for it, or end it with 'stop'")
            return WRONG
        name = backfills.start(one, condition)
        print(f"asked for the rows of {one.qualified}{f' with {condition}' if condition else ''}", flush=True)
        if not wait:
            return FINE
        if backfills.follow(name, Lines(), hours * 3600):
            print(f"the rows of {one.qualified} have been read; the archive shows them after the sink's next commit")
            return FINE
        complain(f"error: the backfill has not ended within {hours:g} h and goes on; see it with 'status'")
        return WRONG

    return _with(stack, work)


def status(stack: str) -> int:
    """Print what is being read."""

    def work(of: RunningStack) -> int:
        print(Backfills.of(described(of)).progress())
        return FINE

    return _with(stack, work)


def pause(stack: str) -> int:
    """Read no further rows."""
    return _ask(stack, signals.pause, "paused")


def resume(stack: str) -> int:
    """End a pause."""
    return _ask(stack, signals.resume, "resumed")


def stop(stack: str, table: str | None) -> int:
    """End the backfill of a table, or of all."""

    def work(of: RunningStack) -> int:
        one: Table | None = chosen(of.tables, [table])[0] if table else None
        after = Backfills.of(described(of)).stop(one, Lines())
        print(f"stopped; {after}")
        return FINE

    return _with(stack, work)


def _ask(stack: str, written: Callable[[str], str], done: str) -> int:
    def work(of: RunningStack) -> int:
        after = Backfills.of(described(of)).ask(written, Lines())
        print(f"{done}; {after}")
        return FINE

    return _with(stack, work)


_TOLD: Final = (
    SettingsError,
    StackFileError,
    NotRunningError,
    ChannelError,
    NotReadError,
    NotStoredError,
    NotNowError,
    ProviderError,
    UnansweredError,
)


def _with(stack: str, work: Callable[[RunningStack], int]) -> int:
    try:
        return work(running(stack))
    except (NoTableError, ConditionError, UnknownStackError) as error:
        complain(f"error: {error}")
        return USAGE
    except _TOLD as error:
        complain(f"error: {error}")
        return WRONG
