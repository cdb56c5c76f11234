"""Output for people: colours and the terminal's width on a terminal, plain text elsewhere, one line for each line of text."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import RenderableType

_FILE_WIDTH: Final = 10_000  # no table and no line of ours is wider, so that nothing is cut or wrapped where a program reads it


def console(stream: TextIO | None = None) -> Console:
    """Return a console on a stream.

    Text is never wrapped, so that a command copied from it is whole; tables fit into a terminal's width.

    Args:
        stream: Stream to write to; standard output by default.
    """
    target = stream or sys.stdout
    terminal = target.isatty()
    return Console(
        file=target,
        force_terminal=terminal,
        width=None if terminal else _FILE_WIDTH,
        soft_wrap=True,
        markup=False,
        emoji=False,
        highlight=False,
    )


def show(*parts: RenderableType) -> None:
    """Print parts that rich can render, each on separate lines."""
    if sys.stdout.isatty():
        console().print(*parts, sep="\n")
    else:
        sys.stdout.write(plain(*parts))
    sys.stdout.flush()


def plain(*parts: RenderableType) -> str:
    """Render parts as text, without colour, wrapping or blanks at the end of a line."""
    written = io.StringIO()
    console(written).print(*parts, sep="\n")
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())
