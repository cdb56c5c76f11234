"""Commands about breaks in the history of a pipeline."""

from __future__ import annotations

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import INTERRUPTED, Command, Group

_stack = shared_options.stack("that is up")
_USAGE = "the command was not understood, or there is no such stack"


@click.group(
    cls=Group,
    examples=[
        "python -m pipeline epoch show --stack prod",
        "python -m pipeline epoch begin --stack prod",
    ],
)
def epoch() -> None:
    """Find a break in the history, and begin a new epoch after it.

    The history breaks when the replication slot is lost or dropped, the brokers are lost, or the database goes back in time. What happened
    in between cannot be read any more. A new epoch begins with a snapshot of every row, and the break is recorded in the archive
    (docs/archive.md).
    """


@epoch.command(
    cls=Command,
    examples=["python -m pipeline epoch show --stack sandbox"],
    exit_codes={
        0: "the history has no break",
        1: "it is broken, or the epoch of the stack file has not begun",
        2: _USAGE,
        3: "it could not be decided: a part did not answer",
    },
)
@_stack
def show(stack: str) -> int:
    """Show whether the history is whole, and why not.

    Nothing is changed. Slot, source, control topic and archive are shown, with cause and next step.
    """
    from pipeline.epoch import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.show(stack)


@epoch.command(
    cls=Command,
    examples=[
        "python -m pipeline epoch begin --stack prod                       # finds the cause, shows the loss, asks",
        "python -m pipeline epoch begin --stack sandbox --yes",
        "python -m pipeline epoch begin --stack prod --cause operator      # without a break",
    ],
    exit_codes={
        0: "the stack is up in the new epoch",
        1: "it is not, and the reason is printed; the same command goes on where it ended",
        2: _USAGE,
        3: "nothing was done: a part did not answer, so that the loss cannot be seen",
        INTERRUPTED: "it was interrupted; the same command goes on",
    },
)
@_stack
@click.option("--cause", type=click.Choice(["operator"]), help="Begin a new epoch though nothing is broken.")
@click.option("--yes", is_flag=True, help="Ask nothing; needed where no terminal is, and passed on to 'pulumi up'.")
def begin(stack: str, cause: str | None, *, yes: bool) -> int:
    """Say what is lost, ask, and begin a new epoch.

    The source stops, and the sink archives what Kafka holds. Then epoch and break are written into the stack file, and the stack is
    brought up: by 'pulumi up --refresh' or, for the sandbox, 'sandbox up'.
    """
    from pipeline.epoch import commands  # noqa: PLC0415 - as above

    return commands.begin(stack, cause=cause, yes=yes)
