"""Runs checks in parallel, each with a time limit, and yields their findings in the order of the checks."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from pipeline.checks.check import failure, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.checks.check import Check, Finding


def findings(checks: Sequence[Check[Any]]) -> Iterator[tuple[Check[Any], Finding]]:
    """Start all checks at once and yield each with its finding, as soon as it and all checks before it are done.

    A probe that hangs stays in a daemon thread, so that neither the other checks nor the end of the process wait for it.
    """
    started = time.monotonic()
    answers = [_start(check) for check in checks]
    for check, answer in zip(checks, answers, strict=True):
        remaining = check.time_limit_s - (time.monotonic() - started)
        try:
            finding = answer.get(timeout=max(remaining, 0.001))
        except queue.Empty:
            finding = failure(f"no answer within {check.time_limit_s:.0f} s", "find out why it does not answer, then run the command again")
        yield check, finding


def _start(check: Check[Any]) -> queue.SimpleQueue[Finding]:
    answer: queue.SimpleQueue[Finding] = queue.SimpleQueue()

    def run() -> None:
        try:
            answer.put(check.judge(check.probe()))
        except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
            answer.put(warning(f"check failed ({type(error).__name__}: {_first_line(error)})", "check it manually"))

    threading.Thread(target=run, name=f"check-{check.name}", daemon=True).start()
    return answer


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
