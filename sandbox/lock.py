"""One run at a time may change the sandbox."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator


class BusyError(RuntimeError):
    """Another run is at work."""


@contextmanager
def alone() -> Iterator[None]:
    """Hold the machine's one lock on the sandbox; the kernel lets go of it when this process ends, however it ends.

    Raises:
        BusyError: If another run holds it, with its process number: what a killed ``make`` has started may go on without it.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    handle = os.open(CACHE / "run.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 20).decode().strip()
            message = f"another run is starting or removing the sandbox (process {holder}); wait for it, or end that process, and try again"
            raise BusyError(message) from None
        os.truncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)
