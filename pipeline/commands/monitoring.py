"""The command that makes files for an existing Prometheus."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import Command


@click.command(
    cls=Command,
    examples=["python -m pipeline monitoring --stack prod --out prometheus-of-prod/"],
    exit_codes={
        0: "the files are written",
        1: "the settings are refused, or a file cannot be written",
        2: "the command was not understood, there is no such stack, or it has no existing Prometheus",
    },
)
@shared_options.stack()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="FOLDER", help="Folder for the files.")
def monitoring(stack: str, out: Path) -> int:
    """Write files for your Prometheus and its Alertmanager.

    For a stack with monitoring.kind files: scrape jobs, rule files, and which alerts one fault explains. With monitoring.kind operator, the
    program declares jobs and rules, and only the last file is written. Needs no network, and changes nothing but the files in FOLDER.
    """
    from pipeline.existing_prometheus import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.monitoring(stack, out)
