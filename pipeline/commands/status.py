"""The commands that show a running stack: on one screen, in a browser, and to Prometheus."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from pipeline.commands import shared_options
from pipeline.commands.numbers import Finite
from pipeline.commands.teaching import Command

_stack = shared_options.stack("that is up")
_EVERY_S: Final = 15.0


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline status --stack prod                  # one look",
        "python -m pipeline status --stack prod --watch          # a look every 15 s, and how long the slot lasts",
        "python -m pipeline status --stack prod --json | jq .concerns",
        "python -m pipeline status --stack prod --html status.html --watch   # a page for a browser, which reads it again by itself",
        "python -m pipeline status --stack prod --diagram        # the picture of docs/architecture.md with figures, as Mermaid",
    ],
    exit_codes={
        0: "healthy",
        1: "something is late or in doubt: a part that does not answer, an open dead letter, a paused connector; or FILE cannot be written",
        2: "something is lost or stopped: a slot, a failed task, a missing connector; or the command was not understood",
        3: "it cannot be asked: no part answers, or there is no such stack, or it is not up",
    },
)
@_stack
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line for each look.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one page for a browser instead, which needs nothing but this file.",
)
@click.option("--diagram", "as_diagram", is_flag=True, help="Print the picture of the stack with figures; takes two looks.")
@click.option(
    "--watch",
    "every_s",
    type=Finite(min=1),
    is_flag=False,
    flag_value=_EVERY_S,
    default=None,
    show_default=False,
    metavar="[SECONDS]",
    help=f"Look again and again, every {_EVERY_S:.0f} s without a number; Ctrl-C ends it.",
)
@click.option("--prometheus", default=None, metavar="URL", help="Prometheus server whose firing alerts are listed, too.")
def status(stack: str, *, as_json: bool, as_diagram: bool, page: Path | None, every_s: float | None, prometheus: str | None) -> int:
    """Show a running stack: database, Kafka, archive, schemas.

    What is late, how much log the slot has left, and the command that comes next. Nothing is changed. A part that does not answer is named
    with the reason, and the others are shown.
    """
    from pipeline.status import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    if as_json + as_diagram + (page is not None) > 1:
        message = "--json, --html and --diagram exclude each other: a look has one form"
        raise click.UsageError(message)
    form: commands.Form = "json" if as_json else "diagram" if as_diagram else "screen"
    return commands.status(stack, form=form, page=page, every_s=every_s, prometheus=prometheus)


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline exporter --stack prod --port 9400",
        "python -m pipeline exporter --stack prod --port 9400 --address 0.0.0.0 --interval 30",
    ],
    exit_codes={
        0: "it was ended by Ctrl-C or SIGTERM",
        1: "the address cannot be listened at",
        3: "there is no such stack, or it is not up",
    },
)
@_stack
@click.option("--port", type=click.IntRange(1, 65535), required=True, metavar="N", help="TCP port to listen at.")
@click.option("--address", default="127.0.0.1", metavar="ADDRESS", help="Address to listen at; it asks for no login.")
@click.option("--interval", "every_s", type=Finite(min=1), default=_EVERY_S, metavar="SECONDS", help="Time between two looks.")
def exporter(stack: str, port: int, address: str, every_s: float) -> int:
    """Give the facts of 'status' to Prometheus.

    A thread looks at intervals, so that a scrape never waits. What is not known has no sample; pipeline_up names the part that has not
    answered. docs/metrics.md lists the metrics.
    """
    from pipeline.status import commands  # noqa: PLC0415 - as above

    return commands.exporter(stack, port=port, address=address, every_s=every_s)
