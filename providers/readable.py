"""Text that a stranger sent, made fit for a message: bounded, and without characters that a terminal obeys."""

from __future__ import annotations

from typing import Final

# A trace's head names the error and most causes, its tail the last cause
_HEAD: Final = 48 * 1024
_TAIL: Final = 16 * 1024


def printable(text: str) -> str:
    """Return the text with a replacement for every character that does not print, but for line ends and tabs."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def one_line(text: str, most: int) -> str:
    """Return the text on one line of at most so many characters."""
    line = printable(" ".join(text[: 4 * most].split()))
    return line if len(line) <= most else f"{line[: most - 1]}…"


def encodable(text: str) -> str:
    """Return the text without halves of characters, which JSON can express and no message can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def shortened(trace: str) -> str:
    """Return a trace without its middle if it is very long."""
    if len(trace) <= _HEAD + _TAIL:
        return trace
    tail = trace[-_TAIL:]
    return f"{trace[:_HEAD]}\n{tail[tail.find(chr(10)) + 1 :]}"
