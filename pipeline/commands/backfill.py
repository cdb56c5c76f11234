"""Commands that read rows again while the stream goes on."""

from __future__ import annotations

import click

from pipeline.commands import shared_options
from pipeline.commands.numbers import Finite
from pipeline.commands.teaching import Command, Group

_stack = shared_options.stack("that is up")
_CODES = {
    0: "done",
    1: "the stack is not up or does not answer, or it has not ended in time",
    2: "the command was not understood, or there is no such stack, table or condition",
}


@click.group(
    cls=Group,
    examples=[
        "python -m pipeline backfill start --stack prod --table public.users",
        "python -m pipeline backfill start --stack prod --table public.users --where 'id between 1 and 1000'",
        "python -m pipeline backfill status --stack prod",
    ],
)
def backfill() -> None:
    """Read rows of a table again while the stream goes on.

    For rows that a table had before it was captured, for a table whose archive is in doubt, or for a range of keys. Each row arrives once
    more with the operation r; the current state of the table stays right at every moment (docs/backfill.md).
    """


@backfill.command(
    cls=Command,
    examples=[
        "python -m pipeline backfill start --stack prod --table public.users",
        "python -m pipeline backfill start --stack prod --table public.orders --where \"created_at < '2026-01-01'\" --no-wait",
    ],
    exit_codes=_CODES,
)
@_stack
@click.option("--table", required=True, metavar="TABLE", help=f"The table, {shared_options.BARE}.")
@click.option("--where", metavar="CONDITION", help="Only these rows: comparisons of the table's columns with values, joined by 'and'.")
@click.option("--wait/--no-wait", default=True, help="Show the progress until the end, or return at once.")
@click.option("--hours", type=Finite(min=0, min_open=True), default=24.0, metavar="N", help="The most that the wait may take.")
def start(stack: str, table: str, where: str | None, *, wait: bool, hours: float) -> int:
    """Read a table again, or the rows of a condition.

    The connector reads the table in parts between the changes that it streams, and goes on after a restart. To start it again is safe.
    Ctrl-C ends the display, not the backfill.
    """
    from pipeline.backfill import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.start(stack, table, where, wait=wait, hours=hours)


@backfill.command(cls=Command, examples=["python -m pipeline backfill status --stack prod"], exit_codes=_CODES)
@_stack
def status(stack: str) -> int:
    """Show what is being read, and how far it is."""
    from pipeline.backfill import commands  # noqa: PLC0415 - as above

    return commands.status(stack)


@backfill.command(cls=Command, examples=["python -m pipeline backfill pause --stack prod"], exit_codes=_CODES)
@_stack
def pause(stack: str) -> int:
    """Read no further rows until 'resume'; the stream goes on. A restart of the worker ends the pause, too."""
    from pipeline.backfill import commands  # noqa: PLC0415 - as above

    return commands.pause(stack)


@backfill.command(cls=Command, examples=["python -m pipeline backfill resume --stack prod"], exit_codes=_CODES)
@_stack
def resume(stack: str) -> int:
    """End a pause; the reading goes on where it was."""
    from pipeline.backfill import commands  # noqa: PLC0415 - as above

    return commands.resume(stack)


@backfill.command(
    cls=Command,
    examples=["python -m pipeline backfill stop --stack prod --table public.users", "python -m pipeline backfill stop --stack prod"],
    exit_codes=_CODES,
)
@_stack
@click.option("--table", metavar="TABLE", help=f"Only this table, {shared_options.BARE}.  [default: all]")
def stop(stack: str, table: str | None) -> int:
    """End backfills; rows that have been read stay in the archive."""
    from pipeline.backfill import commands  # noqa: PLC0415 - as above

    return commands.stop(stack, table)
