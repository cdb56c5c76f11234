"""Runs command-line tools and prints every command that changes something, in a form ready to type."""

from __future__ import annotations

import os
import shlex
import subprocess
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ASK_TIMEOUT_S: Final = 60.0
_TAIL: Final = 5
_INSTALL: Final = {
    "docker": "install Docker Engine or Docker Desktop and start it",
    "kind": "install Kind 0.24 or newer",
}


class ToolError(RuntimeError):
    """A tool is missing or failed; the message names its command line, and the cure where known."""


def line(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Render a command for a shell, preceded by its variables."""
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in (environment or {}).items()), shlex.join(command)])


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Print a command and run it with our output as its own. Raises ToolError."""
    print(f"$ {line(command, environment)}", flush=True)
    try:
        done = subprocess.run(command, env={**os.environ, **(environment or {})}, check=False)
    except FileNotFoundError:
        raise _missing(command[0]) from None
    if done.returncode:
        begun = " ".join(takewhile(lambda word: not word.startswith("-"), command))
        message = f"`{begun}` failed with exit code {done.returncode}; its output is above"
        raise ToolError(message)


def ask(command: Sequence[str]) -> str:
    """Run a read-only command silently and return its output. Raises ToolError."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S, check=False)
    except FileNotFoundError:
        raise _missing(command[0]) from None
    except subprocess.TimeoutExpired as error:
        message = f"`{line(command)}` did not answer within {_ASK_TIMEOUT_S:.0f} s"
        raise ToolError(message) from error
    if done.returncode:
        last = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_TAIL:])
        message = f"`{line(command)}` failed:\n{last}"
        raise ToolError(message)
    return done.stdout


def _missing(program: str) -> ToolError:
    return ToolError(f"the command {program} is not on PATH: {_INSTALL.get(program, f'install {program}')}")
