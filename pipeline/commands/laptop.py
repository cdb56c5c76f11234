"""Commands for the laptop's cluster."""

from __future__ import annotations

import click

from images.references import LAPTOP, REFERENCES
from pipeline.commands.teaching import Group

_CODES = {0: "done", 1: "a tool is missing or failed; the reason is on standard error"}


@click.group(cls=Group, examples=["python -m pipeline laptop up", "python -m pipeline laptop load connect"])
def laptop() -> None:
    """Manage the laptop's Kubernetes, made by Kind.

    Every command that is run for it is printed.
    """


@laptop.command(
    examples=["python -m pipeline laptop up", "python -m pipeline laptop up --node-image kindest/node:v1.34.0"], exit_codes=_CODES
)
@click.option("--node-image", default="", metavar="IMAGE", show_default=False, help="Image of the nodes.  [default: the one of this Kind]")
def up(node_image: str) -> int:
    """Make the cluster, or see that it is there and ready."""
    from pipeline.laptop import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.up(node_image)


@laptop.command(examples=["python -m pipeline laptop load", "python -m pipeline laptop load kafka connect"], exit_codes=_CODES)
@click.argument(
    "names",
    nargs=-1,
    metavar="[IMAGE]...",
    type=click.Choice(list(REFERENCES)),
    help=f"Folders below images/.  [default: {' '.join(LAPTOP)}]",
)
def load(names: tuple[str, ...]) -> int:
    """Put images that 'images build' has made into the cluster."""
    from pipeline.laptop import commands  # noqa: PLC0415 - as above

    return commands.load(names)


@laptop.command(examples=["python -m pipeline laptop down"], exit_codes=_CODES)
def down() -> int:
    """Remove the cluster and all data in it."""
    from pipeline.laptop import commands  # noqa: PLC0415 - as above

    return commands.down()
