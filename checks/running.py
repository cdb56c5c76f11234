"""Runs checks side by side, each with a time limit, and gives their findings in the order of the checks."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from checks.check import failure, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checks.check import Check, Finding


def findings(checks: Sequence[Check[Any]]) -> Iterator[tuple[Check[Any], Finding]]:
    """Start every check at once and give each with what it found, as soon as it and those before it are done.

    A probe that hangs is left behind in a daemon thread, so that neither the others nor the end of the process wait for it.
    """
    started = time.monotonic()
    answers = [_start(check) for check in checks]
    for check, answer in zip(checks, answers, strict=True):
        remaining = check.time_limit_s - (time.monotonic() - started)
        try:
            found = answer.get(timeout=max(remaining, 0.001))
        except queue.Empty:
            found = failure(f"no answer within {check.time_limit_s:.0f} s", "find out what does not answer, then run it again")
        yield check, found


def _start(check: Check[Any]) -> queue.SimpleQueue[Finding]:
    answer: queue.SimpleQueue[Finding] = queue.SimpleQueue()

    def look() -> None:
        try:
            answer.put(check.judge(check.probe()))
        except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
            answer.put(warning(f"could not be looked at ({type(error).__name__}: {_first_line(error)})", "look at it by hand"))

    threading.Thread(target=look, name=f"check-{check.name}", daemon=True).start()
    return answer


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
