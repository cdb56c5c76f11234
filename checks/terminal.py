"""Output for people: colours and the terminal's width on a terminal, plain text elsewhere, one line for each line of text.

What is printed is often somebody else's text: names and values of a change under review, messages of servers.
"""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.segment import Segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from rich.console import ConsoleOptions, RenderableType

# Characters that move a cursor, hide, reorder or break text (Unicode's categories Cc, Cf, Cs, Zl and Zp), but tab and line feed
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001-\U000e007f]"
)
# Commands that GitHub's runner obeys in any output: at the beginning of a line, also behind blanks, and the older form anywhere in it
_COMMAND = re.compile(r"(?m)^([^\S\n]*):(?=:)|#(?=#\[)")

_FILE_WIDTH: Final = 10_000  # no table and no line of ours is wider, so that nothing is cut or wrapped where a program reads it


def neutral(text: str) -> str:
    """Return a text that only shows itself: without control characters, marks that reorder it, and commands of a CI runner."""
    return _COMMAND.sub(lambda found: f"{found[0]} ", _visible(text))


def _visible(text: str) -> str:
    """Write every invisible character as its escape sequence."""
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


class _Visible:
    """A part whose invisible characters are written as escape sequences."""

    def __init__(self, part: RenderableType) -> None:
        """Wrap a part."""
        self._part = part

    def __rich_console__(self, on: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Render the part."""
        for segment in on.render(self._part, options):
            yield segment if segment.control else Segment(_visible(segment.text), segment.style)


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


def complain(text: object) -> None:
    """Print a reason on standard error."""
    sys.stderr.write(f"{neutral(str(text))}\n")
