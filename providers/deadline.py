"""Work that another system may hold up for ever, given up at a deadline.

The limits of the libraries bound one read each, or nothing: a peer that sends one byte a second outlives all of them, and a name server
that is silent is bounded by none.
"""

from __future__ import annotations

import contextvars
import threading
import time
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Result = TypeVar("_Result")

# Seconds after which a cancellation is noticed
_GLANCE: Final = 0.2


class OverdueError(Exception):
    """The work was not done at its deadline, or it was cancelled before."""


def within(seconds: float, work: Callable[[], _Result], cancelled: threading.Event | None = None) -> _Result:
    """Run work in a thread of its own and return its result, or raise its exception.

    Args:
        seconds: Time limit.
        work: The work. It goes on when it is given up, since Python cannot end a thread; it must end by itself.
        cancelled: Ends the wait once it is set.

    Raises:
        OverdueError: If the work has not ended in time.
    """
    ends, result, context = time.monotonic() + seconds, Future[_Result](), contextvars.copy_context()

    def run() -> None:
        try:
            result.set_result(context.run(work))
        except BaseException as error:  # noqa: BLE001 - raised again by the waiting thread
            result.set_exception(error)

    # a thread of a pool would be waited for at the end of the process
    threading.Thread(target=run, daemon=True).start()
    while not result.done():
        left = ends - time.monotonic()
        if left <= 0 or (cancelled is not None and cancelled.is_set()):
            raise OverdueError
        wait([result], left if cancelled is None else min(left, _GLANCE))
    return result.result()
