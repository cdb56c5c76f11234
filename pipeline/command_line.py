"""The tree of commands, and the one place where a command line becomes an exit code."""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Final

import click

from pipeline.checks.neutral import complain
from pipeline.commands import (
    archive,
    audit,
    backfill,
    dashboards,
    ddl,
    dlq,
    documents,
    epoch,
    images,
    laptop,
    monitoring,
    quality,
    review,
    stacks,
    status,
    test_bed,
    views,
)
from pipeline.commands.output import UnwritableOutputError, prepared
from pipeline.commands.teaching import INTERRUPTED, Group

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM: Final = "python -m pipeline"
UNWRITTEN: Final = 1
"""Exit code where the output cannot be written, or its reader went away."""


@click.group(
    cls=Group,
    examples=[
        f"{PROGRAM} plan --stack dev             # what a stack declares, offline",
        f"{PROGRAM} doctor --stack dev           # whether 'up' would succeed here",
        f"{PROGRAM} sandbox up                   # the whole pipeline on this machine",
        f"{PROGRAM} sandbox --help               # what can be done with it",
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120, "show_default": True},
)
def root() -> None:
    """Every row change of a PostgreSQL database, as Parquet on S3: the commands around the program that 'pulumi up' runs.

    Run them in the project's folder, with the Python of its .venv.
    """


for command in (
    *stacks.COMMANDS,
    ddl.ddl,
    archive.archive,
    views.views,
    backfill.backfill,
    status.status,
    status.exporter,
    dashboards.dashboards,
    monitoring.monitoring,
    audit.audit,
    quality.quality,
    dlq.dlq,
    epoch.epoch,
    review.review,
    test_bed.command("sandbox"),
    laptop.laptop,
    images.images,
    test_bed.command("bench"),
    test_bed.command("faults"),
    documents.documents,
):
    root.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words after ``python -m pipeline``; the process's own by default.

    Returns:
        The exit code, as ``--help`` of each command lists it.
    """
    given = tuple(sys.argv[1:] if arguments is None else arguments)
    warnings.simplefilter("ignore", DeprecationWarning)  # libraries about themselves
    try:
        with prepared():
            code: int = root.main(given, PROGRAM, standalone_mode=False, obj=given)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UnwritableOutputError as error:
        if not error.silent:
            complain(f"error: {error}")
        return UNWRITTEN
    except click.Abort:
        return INTERRUPTED
    return code
