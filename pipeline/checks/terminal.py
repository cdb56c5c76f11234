"""Output for people: colours and the terminal's width on a terminal, plain text elsewhere, one line for each line of text.

Printed text is often foreign: names and values of a change under review, messages of servers.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.segment import Segment

from pipeline.checks.neutral import neutral, visible

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import ConsoleOptions, RenderableType

_FILE_WIDTH: Final = 10_000  # no table and no line of ours is wider, so that nothing is cut or wrapped where a program reads it


class _Visible:
    """A part whose invisible characters are written as escape sequences."""

    def __init__(self, part: RenderableType) -> None:
        """Wrap a part."""
        self._part = part

    def __rich_console__(self, on: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Render the part."""
        for segment in on.render(self._part, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


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
        console().print(*map(_Visible, parts), sep="\n")
    else:
        sys.stdout.write(plain(*parts))
    sys.stdout.flush()


def plain(*parts: RenderableType) -> str:
    """Render parts as text, without colour, wrapping or blanks at the end of a line."""
    written = io.StringIO()
    console(written).print(*map(_Visible, parts), sep="\n")
    return neutral("".join(f"{line.rstrip()}\n" for line in written.getvalue().split("\n")[:-1]))
