"""The command that accounts for every change."""

from __future__ import annotations

import datetime as dt
import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from pipeline.checks.neutral import complain
from pipeline.commands import shared_options
from pipeline.commands.teaching import INTERRUPTED, NOT_UNDERSTOOD, Command

if TYPE_CHECKING:
    from pipeline.audit.options import Options

_UNDECIDED: Final = 3
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Duration(click.ParamType[float]):
    """A time span such as ``60s``, ``10m``, ``2h`` or ``7d``, in seconds."""

    name = "span"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        if not isinstance(value, str):
            return value
        found = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        if not found:
            self.fail(f"{value!r} is no time span: write a whole number with s, m, h or d, such as 60s", param, ctx)
        return int(found[1]) * _SECONDS[found[2]]


class _Since(click.ParamType[int]):
    """A time: ISO 8601, or a span before now; in milliseconds since 1970."""

    name = "time"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the milliseconds."""
        if not isinstance(value, str):
            return value
        now = dt.datetime.now(dt.UTC)
        span = re.fullmatch(r"([0-9]{1,9})([smhd])", value)
        try:
            moment = now - dt.timedelta(seconds=int(span[1]) * _SECONDS[span[2]]) if span else dt.datetime.fromisoformat(value)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time: write 2h, or 2026-01-31T08:00:00+00:00", param, ctx)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return int(aware.timestamp() * 1000)


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline audit --stack sandbox                  # all tables, 60 s of the database's log",
        "python -m pipeline audit --stack prod --table orders --since 2h",
        "python -m pipeline audit --stack prod --no-database --json > audit.json",
        "python -m pipeline audit --stack prod --offline           # from the archive alone",
    ],
    exit_codes={
        0: "every change is accounted for",
        1: "a row is missing, twice, altered, out of order or without origin, or a file is lost",
        2: "the command was not understood, or there is no such stack or table",
        3: "it could not be decided: a part did not answer, and the reason is in the report",
        INTERRUPTED: "it was interrupted",
    },
)
@shared_options.stack("that is up")
@shared_options.tables()
@click.option("--since", "since_ms", type=_Since(), metavar="TIME", help="Begin with Kafka's records of this time: 2h, or ISO 8601 (UTC).")
@click.option("--for", "seconds", type=_Duration(), default="60s", metavar="SPAN", help="How long to listen to the database's log.")
@click.option("--no-database", is_flag=True, help="Do not listen to the database: begin the account at Kafka.")
@click.option("--offline", is_flag=True, help="Judge by the archive alone: neither database nor Kafka is asked.")
@click.option("--patience", "patience_s", type=_Duration(), default="2m", metavar="SPAN", help="How long changes on their way may take.")
@click.option("--settle", "settle_s", type=_Duration(), default="2m", metavar="SPAN", help="Age from which an unnamed file is an orphan.")
@click.option("--memory", default="1GB", metavar="SIZE", help="Memory of the comparison; what is more goes to the folder.")
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="For temporary files.  [default: TMPDIR]",
)
@click.option("--limit", type=click.IntRange(min=0), default=100, metavar="N", help="The most findings of a kind that are named.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def audit(
    *,
    stack: str,
    tables: tuple[str, ...],
    seconds: float,
    no_database: bool,
    as_json: bool,
    **options: object,
) -> int:
    """Account for every change, from the log to the archive.

    While it runs, a second, temporary replication slot shows what PostgreSQL commits. Every offset of Kafka is a row, aborted, a control
    record or a tombstone; every row is in the archive or set aside as a dead letter. Named are rows that are missing, twice, altered, out
    of order or without origin, and files that are lost or that no snapshot names. What is on its way is waited for. Nothing is changed, and
    nothing is left behind. Keys of rows are shown, other values never.
    """
    from pipeline.audit.options import Options  # noqa: PLC0415 - only what is needed for the help is loaded before

    return _run(stack, tables, Options(seconds=0 if no_database else seconds, **options), as_json=as_json)  # type: ignore[arg-type]


def _run(stack: str, tables: tuple[str, ...], options: Options, *, as_json: bool) -> int:
    from pipeline.audit.auditing import run  # noqa: PLC0415 - as above
    from pipeline.checks.progress import Progress  # noqa: PLC0415 - as above
    from pipeline.reading.chosen_tables import NoTableError  # noqa: PLC0415 - as above
    from pipeline.reading.stack import NotRunningError, running  # noqa: PLC0415 - as above
    from pipeline.recording.stackfile import StackFileError, UnknownStackError  # noqa: PLC0415 - as above
    from stack.judgement.stack import SettingsError  # noqa: PLC0415 - as above

    # the folder of the rows goes too where a tool ends this command
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        report = run(running(stack), tables, options, Progress())
    except (NoTableError, UnknownStackError) as error:
        complain(f"error: {error}")
        return NOT_UNDERSTOOD
    except (NotRunningError, StackFileError, SettingsError) as error:
        complain(f"error: {error}")
        return _UNDECIDED
    except KeyboardInterrupt:
        return INTERRUPTED
    click.echo(json.dumps(report.as_json(), indent=2) if as_json else "\n".join(report.lines()))
    return report.verdict.exit_code
