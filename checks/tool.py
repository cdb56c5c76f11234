"""A program on PATH, asked one question: no shell, no input, a time limit."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said.

    Attributes:
        code: Its exit code.
        out: Standard output.
        err: Standard error.
    """

    code: int
    out: str
    err: str

    @property
    def last_words(self) -> str:
        """The last line of what it complained about, or of what it said."""
        lines = [line.strip() for line in (self.err.strip() or self.out.strip()).splitlines()]
        return lines[-1] if lines else f"exit code {self.code}"


def ask(*command: str) -> Answer | None:
    """Run a program to its end.

    Args:
        command: Program and arguments.

    Returns:
        Its answer, or None when it is not installed.

    Raises:
        subprocess.TimeoutExpired: If it took too long.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return None
    return Answer(done.returncode, done.stdout, done.stderr)
