"""Standard output of a command: readable in any encoding, and a sentence where it cannot be written."""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.neutral import visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_DRAWN: Final = {"│": "|", "├": "+", "└": "`", "─": "-", "━": "-", "…": "...", "→": "->", "✓": "ok", "✗": "x"}
_READABLE: Final = "readable"


class UnwritableOutputError(Exception):
    """Standard output cannot be written.

    Attributes:
        silent: True if its reader went away, which needs no words.
    """

    def __init__(self, reason: str, *, silent: bool = False) -> None:
        """Say why, and whether the reader went away."""
        super().__init__(f"the output cannot be written: {reason}")
        self.silent = silent


class _Output:
    """A stream whose faults have an exception of their own, so that no command takes them for a fault of a file that it reads."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        if self._stream is None:
            reason = "it is closed"
            raise UnwritableOutputError(reason)
        with _told():
            return self._stream.write(text)

    def flush(self) -> None:
        if self._stream is not None:
            with _told():
                self._stream.flush()

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the stream has
        return getattr(self._stream, name)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableOutputError(error.strerror or str(error), silent=error.errno == errno.EPIPE) from None


@contextlib.contextmanager
def prepared() -> Iterator[None]:
    """Let the block print, and write all of its output at the end.

    Files and pipes are UTF-8 in every locale: SQL, JSON and comments are read by programs. A terminal of another encoding gets
    ASCII in place of what it cannot show.

    Raises:
        UnwritableOutputError: If the output cannot be written.
    """
    stream = sys.stdout
    codecs.register_error(_READABLE, _readable)
    for one in (stream, sys.stdin):
        if hasattr(one, "reconfigure"):  # not where a test has put another stream
            if one.isatty():
                one.reconfigure(errors=_READABLE if one is stream else "replace")
            else:
                one.reconfigure(encoding="utf-8", errors=_READABLE if one is stream else "strict")
    sys.stdout = _Output(stream)  # a stream as far as anybody here writes
    try:
        yield
        sys.stdout.flush()
    except UnwritableOutputError:
        _forget(stream)
        raise
    finally:
        sys.stdout = stream


def _readable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    faulty = error.object[error.start : error.end]
    return "".join(_DRAWN.get(one) or one.encode("ascii", "backslashreplace").decode("ascii") for one in visible(faulty)), error.end


def _forget(stream: TextIO | None) -> None:
    """Let the interpreter's last flush go nowhere, which would print a traceback and change the exit code."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr] # None is suppressed
        os.close(nowhere)
