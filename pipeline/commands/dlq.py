"""Commands for dead letters: records that the sink has set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import INTERRUPTED, Group

if TYPE_CHECKING:
    from collections.abc import Callable

_UNKNOWN: Final = "the command was not understood, or there is no such stack"
_CODES: Final = {2: _UNKNOWN, INTERRUPTED: "it was interrupted; what was not finished is not visible"}
_stack = shared_options.stack("that is up")


def _choice(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments that choose letters, and the options of the action."""
    for option in (
        click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing."),
        click.option("--yes", is_flag=True, help="Ask nothing; needed where no terminal is."),
        click.option("--all", "everything", is_flag=True, help="All open dead letters."),
        click.option(
            "--cause", default="", show_default=False, metavar="WORD", help="Only this stage or class of error, as 'dlq list' shows it."
        ),
        click.option(
            "--topic", default="", show_default=False, metavar="NAME", help="Only letters of this topic, such as postgres.public.orders."
        ),
        click.argument("positions", nargs=-1, metavar="[PARTITION:OFFSET]..."),
    ):
        command = option(command)
    return command


@click.group(
    cls=Group,
    examples=[
        "python -m pipeline dlq list --stack dev",
        "python -m pipeline dlq show 0:12 --stack dev",
        "python -m pipeline dlq replay 0:12 --stack dev --dry-run",
        "python -m pipeline dlq drop 0:13 --stack dev --reason 'a test of the monitoring wrote it'",
    ],
)
def dlq() -> None:
    """List, show, replay and drop dead letters.

    A record that the sink cannot convert is set aside in the dead-letter topic, and the others go on. It stays open, and the status of the
    stack is wrong, until it is replayed or dropped. A position is PARTITION:OFFSET in the dead-letter topic, or PARTITION:FIRST-LAST.
    """


@dlq.command(
    "list",
    examples=["python -m pipeline dlq list --stack sandbox", "python -m pipeline dlq list --stack prod --json"],
    exit_codes={**_CODES, 0: "no dead letter is open", 1: "at least one is open or has expired unread, or they could not be read"},
)
@_stack
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every position.")
def listed(stack: str, *, as_json: bool) -> int:
    """Count them by topic and cause.

    Prints the numbers of open, replayed and dropped letters, and of open ones that retention may have deleted.
    """
    from pipeline.dlq import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.listed(stack, as_json=as_json)


@dlq.command(
    examples=[
        "python -m pipeline dlq show 0:12 --stack sandbox",
        "python -m pipeline dlq show 0:12-20 2:4 --stack sandbox --values",
    ],
    exit_codes={**_CODES, 0: "shown", 1: "there is no such dead letter, or it could not be read"},
)
@click.argument("positions", nargs=-1, required=True, metavar="PARTITION:OFFSET...")
@_stack
@click.option("--values", is_flag=True, help="Show values of rows, headers and the error's own message too.")
def show(positions: tuple[str, ...], stack: str, *, values: bool) -> int:
    """Show where some come from and what to do next.

    Values of rows are masked unless --values is given, and so is the error's message, which can hold some.
    """
    from pipeline.dlq import commands  # noqa: PLC0415 - as above

    return commands.show(stack, positions, values=values)


@dlq.command(
    examples=[
        "python -m pipeline dlq replay --all --stack sandbox --dry-run     # what would be replayed, and what would not pass",
        "python -m pipeline dlq replay 0:12-20 --stack sandbox",
        "python -m pipeline dlq replay --topic postgres.public.orders --cause VALUE_CONVERTER --stack prod --yes",
    ],
    exit_codes={**_CODES, 0: "all chosen ones are on their topics again, once", 1: "some are not; the reasons are printed"},
)
@_choice
@_stack
@click.option("--again", is_flag=True, help="Also letters that came back three times already.")
def replay(*, again: bool, **request: Any) -> int:  # noqa: ANN401 - the fields of Request
    """Put some back on their topics, exactly once.

    The original key, value and headers, in one transaction with the mark of the replay: a run that was killed has done a part of the work
    once, and the next run does the rest. What the sink could still not read is refused: it would only come back. Mend the cause first.
    """
    from pipeline.dlq import commands, settling  # noqa: PLC0415 - as above

    return commands.replay(settling.Request(**request), again=again)


@dlq.command(
    examples=[
        "python -m pipeline dlq drop 0:13 --stack sandbox --reason 'no row: a test of the monitoring wrote it'",
        "python -m pipeline dlq drop --expired --stack prod --reason 'rows were archived again by a backfill'",
    ],
    exit_codes={**_CODES, 0: "the chosen ones are no longer open", 1: "they are; the reason is printed"},
)
@_choice
@_stack
@click.option("--reason", required=True, metavar="TEXT", help="Why these records are not needed; stored with them.")
@click.option("--expired", is_flag=True, help="Only say that the loss of those which retention has deleted is known.")
def drop(*, reason: str, expired: bool, **request: Any) -> int:  # noqa: ANN401 - the fields of Request
    """Mark some as not needed.

    They no longer count as open. Nothing is deleted: they can be shown until retention deletes them.
    """
    from pipeline.dlq import commands, settling  # noqa: PLC0415 - as above

    return commands.drop(settling.Request(**request), reason, expired=expired)
