"""The command for readers of the archive: text of the views that show the tables as they are, or were."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import Command
from pipeline.views.dialects import DIALECTS


@click.command(
    cls=Command,
    lists={"Engines": {name: dialect.title for name, dialect in DIALECTS.items()}},
    examples=[
        "python -m pipeline views --stack dev                                  # DuckDB, all tables",
        "python -m pipeline views --stack prod --engine athena --to queries/",
        "python -m pipeline views --stack prod --engine dbt --to models/archive/",
        "python -m pipeline views --stack prod --table public.users --as-of 2026-05-01T12:00:00Z",
        "python -m pipeline views --stack prod --table public.users --as-of 0/1B2C3D8",
    ],
    exit_codes={
        0: "printed or written",
        1: "the settings are refused, or a file cannot be written",
        2: "the command was not understood, or there is no such stack or table",
    },
)
@shared_options.stack()
@click.option("--engine", type=click.Choice(list(DIALECTS)), default="duckdb", help="Query engine that runs the text.")
@shared_options.tables()
@click.option(
    "--as-of",
    metavar="MOMENT",
    help="State at a time of commits in the database (ISO 8601 with its offset from UTC), or at a position in its log (0/1B2C3D8).",
)
@click.option(
    "--namespace",
    default="archive",
    metavar="NAME",
    help="Namespace of the archived tables in the engine; lake.archive for one of a catalog.",
)
@click.option("--to", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Write a file for each view there.")
def views(stack: str, engine: str, tables: tuple[str, ...], as_of: str | None, namespace: str, to: Path | None) -> int:
    """Print the views that show each table as it is now.

    The archive is a log of changes. A view returns the last change of each key, without deleted rows, in the order of the database's
    commits, so that repeated, late and backfilled rows count once. Needs no network, and changes nothing but the files in FOLDER.
    """
    from pipeline.reading import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.views(stack, engine, tables, as_of=as_of, namespace=namespace, to=to)
