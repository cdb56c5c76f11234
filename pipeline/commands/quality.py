"""The command that scores the archive of a running stack."""

from __future__ import annotations

import click

from pipeline.commands import shared_options
from pipeline.commands.numbers import Finite
from pipeline.commands.teaching import Command


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline quality --stack prod                     # every table, over the window of the settings",
        "python -m pipeline quality --stack prod --table public.orders --minutes 15",
        "python -m pipeline quality --stack prod --port 9401         # for Prometheus, a check every 5 minutes",
        "python -m pipeline quality --stack prod --json | jq '.tables[] | {table, score}'",
    ],
    exit_codes={
        0: "every table is good; with --port, it was ended by Ctrl-C or SIGTERM",
        1: "a table's score is too low, or a row is missing or twice; with --port, the address cannot be listened at",
        2: "the command was not understood, or there is no such stack or table",
        3: "a score is not known, which is not good: no change in the window, or a part did not answer",
    },
)
@shared_options.stack("that is up")
@shared_options.tables()
@click.option(
    "--minutes", type=click.IntRange(1, 10_080), metavar="N", help="Minutes of changes to check.  [default: quality.windowMinutes]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="Give the scores to Prometheus at this TCP port, until it is ended."
)
@click.option("--address", default="127.0.0.1", metavar="ADDRESS", help="Address of the port; it asks for no login.")
@click.option("--interval", "every_s", type=Finite(min=10), default=300.0, metavar="SECONDS", help="Time between two checks, with --port.")
def quality(
    stack: str, tables: tuple[str, ...], *, minutes: int | None, as_json: bool, port: int | None, address: str, every_s: float
) -> int:
    """Score archived rows: complete, unique, timely, valid.

    The score of a table is the worst of its four figures over a window that ended when every change had its time to be archived. Complete:
    Kafka's records that archive, quarantine or dead letters have. Unique: rows that stand for a change of their own. Timely: rows archived
    in time. Valid: rows that keep the rules of their columns. Nothing is changed, and no value of a row is shown.
    """
    from pipeline.quality import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    if port is not None and as_json:
        message = "--port gives the scores to Prometheus and --json prints them: take one of the two"
        raise click.UsageError(message)
    served = None if port is None else commands.Served(port, address, every_s)
    return commands.quality(stack, tables, minutes=minutes, as_json=as_json, served=served)
