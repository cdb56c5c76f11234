"""Commands for readers of the archive."""

from __future__ import annotations

import click

from pipeline.commands import shared_options
from pipeline.commands.teaching import Command, Group

_EXAMPLES = [
    'python -m pipeline archive query users "SELECT * FROM users" --stack sandbox',
    "python -m pipeline archive query users \"SELECT __op, email, year, month, day, hour FROM changes WHERE last_name = 'Noether'\"",
    'python -m pipeline archive query public.orders "SELECT __op, count(*) AS rows FROM changes GROUP BY ALL" --json',
]


@click.group(cls=Group, examples=_EXAMPLES)
def archive() -> None:
    """Read the archive of a stack that is up."""


@archive.command(
    cls=Command,
    examples=_EXAMPLES,
    exit_codes={
        0: "the rows are printed",
        1: "the statement is refused, or the archive cannot be read",
        2: "the command was not understood, or there is no such stack or table",
        3: "the stack is not up",
    },
)
@click.argument("table")
@click.argument("sql")
@shared_options.stack("that is up")
@click.option("--json", "as_json", is_flag=True, help="Print each row as one JSON object.")
def query(table: str, sql: str, stack: str, *, as_json: bool) -> int:
    """Print the rows of a SELECT over one archived table, by DuckDB.

    The statement reads two tables: "changes" has a row for each archived change, with the columns that start with "__" (docs/archive.md);
    TABLE itself, by its name in the archive, has the rows that are in the database now. Only what the sink has committed is seen.
    Nothing is changed.
    """
    from pipeline.reading import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.query(stack, table, sql, as_json=as_json)
