"""One run at a time may change the node."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.cluster.errors import NodeError
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def alone() -> Iterator[None]:
    """Hold the machine's one lock on the node; the kernel lets go of it when this process ends, however it ends.

    Raises:
        NodeError: If another run holds it.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    handle = os.open(CACHE / "node.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = "another run is starting or removing the sandbox's node at this moment; try again when it is done"
            raise NodeError(message) from None
        yield
    finally:
        os.close(handle)
