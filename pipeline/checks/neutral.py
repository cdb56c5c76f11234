"""Foreign text made harmless for output: without control characters and commands of a CI runner."""

from __future__ import annotations

import contextlib
import re
import sys

# Characters that move a cursor, hide, reorder or break text (Unicode's categories Cc, Cf, Cs, Zl and Zp), but tab and line feed
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001-\U000e007f]"
)
# Commands that GitHub's runner obeys in any output: at the beginning of a line, also behind blanks, and the older form anywhere in it
_COMMAND = re.compile(r"(?m)^([^\S\n]*):(?=:)|#(?=#\[)")


def neutral(text: str) -> str:
    """Return a text without control characters, marks that reorder it, and commands of a CI runner."""
    return _COMMAND.sub(lambda found: f"{found[0]} ", visible(text))


def visible(text: str) -> str:
    """Write every invisible character as its escape sequence."""
    return _INVISIBLE.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def complain(text: object) -> None:
    """Print a reason on standard error, if there is one that can be written: the exit code tells the rest."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"{neutral(str(text))}\n")
