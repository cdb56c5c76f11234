"""Runs a tool that ends when this process does, with all it has started and mounted, also when this process is killed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The tool is the first process of a namespace: the kernel ends the whole namespace with it, and its mounts are nobody else's.
_ATTACHED: Final = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
_NOT_FOUND: Final = 127


def run(command: Sequence[str], *, timeout_s: float, given: str = "", temporary: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tool to its end and give its exit code and output.

    Args:
        command: Program and arguments.
        timeout_s: Seconds after which it is killed.
        given: Its standard input.
        temporary: Its TMPDIR; this process's own by default.

    Raises:
        FileNotFoundError: If the program is not installed.
        subprocess.TimeoutExpired: If it took too long.
    """
    environment = {**os.environ, **({"TMPDIR": str(temporary)} if temporary else {})}
    done = subprocess.run(
        [*_ATTACHED, *command], env=environment, input=given, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if done.returncode == _NOT_FOUND and done.stderr.startswith("unshare: failed to execute"):
        raise FileNotFoundError(command[0])
    return done
