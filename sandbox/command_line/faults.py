"""The command that injects faults."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from pipeline.commands.numbers import Finite
from pipeline.commands.places import Written
from pipeline.commands.teaching import INTERRUPTED, Command

_TO: Final = Path("bench/faults.json")


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline faults                                     # sixty faults under load: a long run",
        "python -m pipeline faults --list                              # the kinds of fault, and what is left out",
        "python -m pipeline faults --seed 7 --count 3 --only kill-worker --json /tmp/faults.json",
        "python -m pipeline faults --minutes 10                        # as many as begin in ten minutes",
    ],
    exit_codes={
        0: "every fault was injected and recovered from, and each change is in the archive once, in order",
        1: "a change is missing, twice, altered, out of order or invented, or a fault could not be injected; standard error names it",
        INTERRUPTED: "it was interrupted; the fault that went on is undone",
    },
)
@click.option("--seed", type=int, metavar="N", help="Repeat the run with this seed.  [default: any]", show_default=False)
@click.option("--count", type=click.IntRange(min=1), default=60, metavar="N", help="How many faults.")
@click.option("--only", multiple=True, metavar="KIND", help="A kind of fault to choose from; may be given several times.")
@click.option("--rate", type=Finite(min=1), default=1200.0, metavar="N", help="Changes per second of the load.")
@click.option("--minutes", type=Finite(min=0, min_open=True), metavar="N", help="Begin no further fault after so long.")
@click.option(
    "--json", "to", type=Written(folder=False), default=_TO, metavar="FILE", help="File of the result and, with .md, of its table."
)
@click.option("--list", "listed", is_flag=True, help="Show the kinds of fault and do nothing else.")
@click.pass_obj
def faults(
    words: tuple[str, ...],
    /,
    only: tuple[str, ...],
    *,
    listed: bool,
    **options: Any,  # noqa: ANN401 - those of the function that is called
) -> int:
    """Inject faults into the running sandbox.

    All this goes on under load: writers insert, copy, change and delete rows of the four example tables in small and large transactions,
    some of them rolled back. Meanwhile one fault follows another: processes killed at chosen moments, pods deleted, packets lost, services
    away. After each, the time until new changes are archived again is measured, and every change is looked for in the archive: none may be
    missing, twice, altered or out of order. The kinds come in an order that the seed decides, each once before any comes again; those that
    run 'sandbox up' take minutes and are only injected when named. Needs root and a sandbox that has no other users.
    """
    from sandbox.faults import commands  # noqa: PLC0415 - only what is needed for the help is loaded before
    from sandbox.faults.kinds import FAULTS  # noqa: PLC0415 - as above

    if listed:
        return commands.names()
    if unknown := [kind for kind in only if kind not in FAULTS]:
        message = f"{unknown[0]} is no kind of fault; --list shows them"
        raise click.BadParameter(message, param_hint="--only")
    return commands.run(only, words, **options)
