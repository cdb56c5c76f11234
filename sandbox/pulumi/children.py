"""Processes that the language host has started: their output handed on as it comes, and their end."""

from __future__ import annotations

import os
import selectors
import subprocess
from typing import TYPE_CHECKING, Any, Final

from pulumi.runtime.proto import language_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES: Final = 64 * 1024
_GRACE_S: Final = 5.0


def relayed(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Hand on both outputs as they come, until both have ended."""
    with selectors.DefaultSelector() as selector:
        for pipe, name in ((process.stdout, "stdout"), (process.stderr, "stderr")):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, name)
        while selector.get_map():
            for key, _ in selector.select():
                piece = os.read(key.fd, _CHUNK_BYTES)
                if not piece:
                    selector.unregister(key.fileobj)
                elif key.data == "stdout":
                    yield language_pb2.RunPluginResponse(stdout=piece)
                else:
                    yield language_pb2.RunPluginResponse(stderr=piece)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process if it still runs, politely first, and close what was read from it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
