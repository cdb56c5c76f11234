"""The command that measures."""

from __future__ import annotations

from typing import Any, Final

import click

from pipeline.commands.places import Written
from pipeline.commands.teaching import INTERRUPTED, Command
from sandbox.bench.topics import TOPICS, Options

_COUNT: Final = click.IntRange(min=1)
_DEFAULTS: Final = Options()


@click.command(
    cls=Command,
    lists={"Topics": {name: topic.meaning for name, topic in TOPICS.items()}},
    examples=[
        "python -m pipeline bench                       # all but steps, builds, engine, audit and agents",
        "python -m pipeline bench memory                # only memory",
        "python -m pipeline bench visible --inserts 5   # a quick look",
        "python -m pipeline bench drain --rows 20000    # a tenth of the queue",
        "python -m pipeline bench audit --rows 100000000   # some minutes, and 6 GB below TMPDIR",
        "python -m pipeline bench agents                # a quarter of an hour: seven queues, and two changes of the sandbox",
        "",
        "# the steps of a start, recorded by the starts themselves: with empty caches, with full ones, once more",
        "rm -rf /var/cache/data-ingestion-sandbox; time .venv/bin/python -m pipeline sandbox up --times cold.json",
        "make sandbox-down; time .venv/bin/python -m pipeline sandbox up --times warm.json",
        "time .venv/bin/python -m pipeline sandbox up --times again.json",
        "python -m pipeline bench steps --cold cold.json@SECONDS --warm warm.json@SECONDS --again again.json@SECONDS",
    ],
    exit_codes={0: "all was measured", 1: "something was not; the reason is on standard error", INTERRUPTED: "it was interrupted"},
)
@click.argument("topics", nargs=-1, type=click.Choice(list(TOPICS)), metavar="[TOPIC]...", help="What to measure, see below.")
@click.option("--cold", metavar="FILE[@SECONDS]", help="Steps of a start with empty caches; and what the clock said.")
@click.option("--warm", metavar="FILE[@SECONDS]", help="Steps of a start with full caches and no sandbox.")
@click.option("--again", metavar="FILE[@SECONDS]", help="Steps of a start with a sandbox that runs.")
@click.option("--runs", type=_COUNT, default=_DEFAULTS.runs, metavar="N", help="How often plan times each command.")
@click.option("--inserts", type=_COUNT, default=_DEFAULTS.inserts, metavar="N", help="How many single rows visible inserts.")
@click.option("--rows", type=_COUNT, default=_DEFAULTS.rows, metavar="N", help="How many rows drain and agents queue, or audit compares.")
@click.option("--minutes", type=_COUNT, default=_DEFAULTS.minutes, metavar="N", help="The most that one queue may take.")
@click.option(
    "--variant", default=_DEFAULTS.variant, show_default=False, metavar="NAME", help="Only builds whose name begins so.  [default: all]"
)
@click.option(
    "--to",
    type=Written(folder=True),
    default=_DEFAULTS.to,
    show_default=False,
    metavar="FOLDER",
    help="Where the figures go.  [default: bench]",
)
@click.pass_obj
def bench(words: tuple[str, ...], /, topics: tuple[str, ...], **options: Any) -> int:  # noqa: ANN401 - the fields of Options
    """Measure the sandbox that runs on this machine.

    The figures go to bench/figures.md (to read) and bench/figures.json (single values). Without a topic all are measured but those that are
    only measured when asked for, steps only where a file is given. They run in the order below whatever the order given, so memory's peaks
    hold what the others did. What is measured replaces its chapter in the figures; the other chapters stay. Rows that a measurement inserts
    are removed, the sink is resumed and the monitoring is brought back, also after Ctrl-C. Changes of those rows stay in the archive, which
    keeps every change.
    """
    from sandbox.bench import commands  # noqa: PLC0415 - only what is needed for the help is loaded before

    return commands.bench(topics, Options(**options), words)
