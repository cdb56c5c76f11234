"""Signals that come while DuckDB works: its error for them does not say which, so that what their handlers raised is kept."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    Handler = Callable[[int, FrameType | None], Any]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise what a handler of SIGINT or SIGTERM has raised, such as KeyboardInterrupt, where DuckDB raised RuntimeError for it."""
    raised: list[BaseException] = []

    def keeping(handler: Handler) -> Handler:
        def handle(number: int, frame: FrameType | None) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                raised.append(error)
                raise

        return handle

    # only the main thread has handlers, and only there they are called
    here = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS if here}
    for number, handler in handlers.items():
        if callable(handler):
            signal.signal(number, keeping(handler))
    try:
        yield
    except RuntimeError:
        if raised:
            raise raised[-1] from None
        raise
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
