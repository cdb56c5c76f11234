"""The command that makes documents."""

from __future__ import annotations

import click

from pipeline.commands.teaching import Command
from pipeline.documents.documents import KINDS


@click.command(
    cls=Command,
    lists={"Kinds": {name: kind.meaning for name, kind in KINDS.items()}},
    examples=[
        "python -m pipeline documents              # all of them",
        "python -m pipeline documents pictures     # only the memory of each stack",
        "python -m pipeline documents --check      # only look",
    ],
    exit_codes={0: "they are as the code has them", 1: "one is out of date, or cannot be made"},
)
@click.argument("kinds", nargs=-1, type=click.Choice(list(KINDS)), metavar="[KIND]...", help="What to make, see below.  [default: all]")
@click.option("--check", is_flag=True, help="Change nothing; fail when a document is out of date.")
def documents(kinds: tuple[str, ...], *, check: bool) -> int:
    """Regenerate the parts of the documents that show the code.

    Needs no network, no Pulumi CLI and no cluster.
    """
    from pipeline.documents import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.documents(kinds, check=check)
