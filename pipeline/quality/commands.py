"""The command that checks the archive of a running stack."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.checks.neutral import complain, neutral
from pipeline.checks.terminal import show
from pipeline.description.running import described
from pipeline.quality.looking import check
from pipeline.reading.chosen_tables import NoTableError, chosen
from pipeline.reading.stack import NotRunningError, running
from pipeline.recording.stackfile import StackFileError, UnknownStackError
from stack.judgement.stack import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.reading.stack import RunningStack
    from stack.settings.tables import Table

ENDED, NOT_STARTED, USAGE, UNKNOWN = 0, 1, 2, 3
_QUIET: Final = "quality.enabled is false: no row is judged before it is archived, and the rules follow from the CHECKs alone"


@dataclass(frozen=True, slots=True)
class Served:
    """Where and how often the scores are given to Prometheus.

    Attributes:
        port: TCP port to listen at.
        address: Address to listen at.
        every_s: Seconds between two checks.
    """

    port: int
    address: str
    every_s: float


def quality(stack: str, names: Sequence[str], *, minutes: int | None, as_json: bool, served: Served | None = None) -> int:
    """Print the scores of a stack's archived tables, or give them to Prometheus until interrupted.

    Args:
        stack: Name of a stack file.
        names: Names of tables, with the schema where two have one name; all by default.
        minutes: Length of the window; that of the settings by default.
        as_json: True to print JSON.
        served: Where the scores are given to Prometheus; None to print them once.

    Returns:
        The exit code.
    """
    try:
        found = running(stack)
        tables = chosen(found.tables, names)
        if served is not None:
            return _serve(found, tables, minutes, served)
        report = check(described(found), found.settings.quality, tables, minutes)
    except (NoTableError, UnknownStackError) as error:
        complain(f"error: {error}")
        return USAGE
    except (NotRunningError, StackFileError, SettingsError) as error:
        complain(f"error: {error}")
        return UNKNOWN
    if as_json:
        print(neutral(json.dumps(report.as_json(), indent=2)))
        return report.exit_code
    show("\n".join([*report.lines(), *([] if found.settings.quality.enabled else [_QUIET])]))
    return report.exit_code


def _serve(stack: RunningStack, tables: Sequence[Table], minutes: int | None, served: Served) -> int:
    from pipeline.quality.exporter import serve  # noqa: PLC0415 - of one option only

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    print(f"scores of {stack.name} at http://{served.address}:{served.port}/metrics, a check every {served.every_s:.0f} s", flush=True)
    try:
        serve(lambda: check(described(stack), stack.settings.quality, tables, minutes), served.port, served.address, served.every_s, ended)
    except OSError as error:
        complain(f"error: {served.address}:{served.port} cannot be listened at: {error.strerror}")
        return NOT_STARTED
    except KeyboardInterrupt:
        pass
    return ENDED
