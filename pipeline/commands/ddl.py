"""Command that predicts the effect of a statement on the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import Command

_LEVELS: Final = ("NONE", "BACKWARD", "FORWARD", "FULL", "BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE")


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline ddl --stack dev 'ALTER TABLE public.users ADD COLUMN nickname text'",
        "python -m pipeline ddl --stack prod --file migration.sql --json",
        "python -m pipeline ddl --stack prod --level BACKWARD 'ALTER TABLE public.users ALTER id TYPE bigint'",
    ],
    exit_codes={
        0: "everything follows by itself",
        1: "steps are needed, or something stops or is lost",
        2: "something cannot be judged, or the command, the statements or the stack cannot be read",
    },
)
@shared_options.stack()
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Read the statements from a file.")
@click.option(
    "--level", type=click.Choice(_LEVELS, case_sensitive=False), help="Level of the schema registry.  [default: the program's own, FULL]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, with the schemas before and after.")
@click.argument("statements", required=False)
def ddl(stack: str, file: Path | None, level: str | None, statements: str | None, *, as_json: bool) -> int:
    """Predict the effect of SQL on the pipeline, before it is run.

    For each statement and captured table: whether source, registry and archive follow by themselves, which steps are needed and in which
    order, or what stops; by the model of the tables, offline. Nothing is changed and nothing is asked (docs/schema-changes.md).
    """
    from pipeline.ddl import commands  # noqa: PLC0415 - only what is needed for the help is loaded before
    from pipeline.ddl.compatibility import Level  # noqa: PLC0415 - as above

    return commands.ddl(stack, statements, file, level=Level(level.upper()) if level else None, as_json=as_json)
