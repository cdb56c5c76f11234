"""Commands that show the facts about a running stack: on a screen, as JSON, again and again."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pipeline.checks.direct import without_proxy
from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show
from pipeline.description.running import described
from pipeline.reading.stack import NotRunningError, running
from pipeline.recording.stackfile import StackFileError
from pipeline.status import forms, screen
from pipeline.status.alerts import firing
from pipeline.status.levels import Level
from pipeline.status.looking import Looks
from pipeline.status.view import View, view
from stack.judgement.stack import SettingsError
from stack.specification.lateness import Lateness
from stack.specification.monitoring.scope import series_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline.description.stack import Description

UNASKED: Final = int(Level.SILENT)
ENDED, NOT_STARTED = 0, 1
NOT_WRITTEN: Final = 1
Form: TypeAlias = Literal["screen", "json", "diagram"]
"""Form in which a look is printed."""
# Between the two looks that a single picture needs for its rates
_BETWEEN_S: Final = 5.0
_CLEAR: Final = "\x1b[H\x1b[2J"


def status(
    stack: str, *, form: Form = "screen", page: Path | None = None, every_s: float | None = None, prometheus: str | None = None
) -> int:
    """Print the facts about a stack, or write them into a page.

    Args:
        stack: Name of a stack file.
        form: Form of what is printed; JSON has one line for each look.
        page: File of the page that is written instead.
        every_s: Seconds between two looks that follow each other until interrupted; None for a single one.
        prometheus: Address of a Prometheus server whose firing alerts are listed.

    Returns:
        The level of the last look, or 1 if the page cannot be written.
    """
    asked = _stack(stack)
    if asked is None:
        return UNASKED
    found, own = asked
    looks, limits = Looks(found), Lateness.of(found)
    seen: View | None = None
    try:
        show_look = _shown(stack, form, page, every_s)
        before = looks.look() if form == "diagram" and every_s is None else None
        if before is not None:
            time.sleep(_BETWEEN_S)
        while True:
            seen = view(looks.look(), limits, before if seen is None else seen.snapshot)
            if prometheus is not None:
                seen = replace(seen, alerts=firing(prometheus, own))
            show_look(seen)
            if every_s is None:
                return int(seen.level)
            time.sleep(every_s)
    except KeyboardInterrupt:
        # most of the time between two screens is the look itself
        if seen is None:
            raise
        return int(seen.level)
    except forms.UnwrittenPageError as error:
        complain(f"error: {error}")
        return NOT_WRITTEN


def _shown(stack: str, form: Form, page: Path | None, every_s: float | None) -> Callable[[View], None]:
    """Return the function that shows a look."""
    if page is not None:
        return lambda seen: forms.write(seen, page, every_s)
    if form == "json":
        return lambda seen: print(forms.json_line(seen), flush=True)
    if form == "diagram":
        picture = forms.pictures(stack)
        return lambda seen: show(picture(seen))
    return lambda seen: _print(seen, clear=every_s is not None)


def _print(seen: View, *, clear: bool) -> None:
    if clear and sys.stdout.isatty():
        print(_CLEAR, end="")
    show("\n".join([*screen.lines(seen), *([""] if clear else [])]))


def _stack(name: str) -> tuple[Description, Mapping[str, str]] | None:
    """Return the description of a stack and the labels of its alerts, or None after a message."""
    os.environ |= without_proxy(os.environ)
    try:
        stack = running(name)
        return described(stack), series_labels(stack.settings)
    except (SettingsError, StackFileError, NotRunningError) as error:
        complain(f"error: {error}")
        return None


def exporter(stack: str, *, port: int, address: str, every_s: float) -> int:
    """Give the facts about a stack to Prometheus until interrupted.

    Args:
        stack: Name of a stack file.
        port: TCP port to listen at.
        address: Address to listen at.
        every_s: Seconds between two looks.

    Returns:
        0 once it was ended by a signal, 1 if the address cannot be listened at, 3 if the stack cannot be asked.
    """
    from pipeline.status.exporter import Exporter  # noqa: PLC0415 - of one command only

    asked = _stack(stack)
    if asked is None:
        return UNASKED
    found, _ = asked
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    print(f"figures of the stack {stack} at http://{address}:{port}/metrics, a look every {every_s:.0f} s", flush=True)
    try:
        Exporter(Looks(found).look, Lateness.of(found), every_s).run(port, address, ended)
    except OSError as error:
        complain(f"error: {address}:{port} cannot be listened at: {error.strerror}")
        return NOT_STARTED
    except KeyboardInterrupt:
        pass
    return ENDED
