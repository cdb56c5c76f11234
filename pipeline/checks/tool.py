"""Runs a program on PATH without shell or input, within a time limit."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Final

_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Output of a program.

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
        """Last line of standard error; of standard output when standard error is empty."""
        lines = [line.strip() for line in (self.err.strip() or self.out.strip()).splitlines()]
        return lines[-1] if lines else f"exit code {self.code}"


def ask(*command: str) -> Answer | None:
    """Run a program to its end.

    Args:
        command: Program and arguments.

    Returns:
        Its output, or None when it is not installed.

    Raises:
        subprocess.TimeoutExpired: If it exceeds the time limit.
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
