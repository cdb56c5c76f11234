"""The command that makes dashboards for Grafana."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import Command


@click.command(
    cls=Command,
    examples=["python -m pipeline dashboards --stack prod --out dashboards-of-prod/"],
    exit_codes={
        0: "the files are written",
        1: "the settings are refused, or a file cannot be written",
        2: "the command was not understood, or there is no such stack",
    },
)
@shared_options.stack()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="FOLDER", help="Folder for the files.")
def dashboards(stack: str, out: Path) -> int:
    """Write dashboards for your Grafana.

    Pipeline overview, source, brokers, Connect, archive and quality, memory against budget; limits and thresholds are the stack's own. Each
    panel has the meaning of a bad value and the next command. Needs no network, and changes nothing but the files in FOLDER.
    """
    from pipeline.dashboards import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.dashboards(stack, out)
