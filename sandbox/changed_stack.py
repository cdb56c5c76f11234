"""The sandbox while its stack file is another one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UP: Final = (sys.executable, "-m", "pipeline", "sandbox", "up")
"""The command that makes the sandbox as its stack file declares it."""

UP_S: Final = 400
"""Seconds that it may take."""

FILE: Final = CHECKOUT / "Pulumi.sandbox.yaml"
"""The stack file."""


class UpError(RuntimeError):
    """The command failed; the message has its last line."""


@contextlib.contextmanager
def changed(change: Callable[[str], str]) -> Iterator[None]:
    """Run the block while the sandbox is as another stack file declares it; file and sandbox are as before in the end, also after Ctrl-C.

    Args:
        change: Returns the other stack file for the present one.

    Raises:
        UpError: If `sandbox up` fails.
    """
    before = FILE.read_text(encoding="utf-8")
    after = change(before)
    try:
        FILE.write_text(after, encoding="utf-8")
        complete()
        yield
    finally:
        # the file first: whatever ends this, the next `sandbox up` makes the rest
        FILE.write_text(before, encoding="utf-8")
        complete()


def complete() -> None:
    """Run `sandbox up` to its end. Raises UpError with its last words."""
    done = subprocess.run(UP, cwd=CHECKOUT, capture_output=True, text=True, timeout=UP_S, check=False)
    # an archive that lags behind the load is not what is asked here
    if done.returncode != 0 and "differ between database and archive" not in done.stderr:
        message = f"'sandbox up' failed: {done.stderr.strip().splitlines()[-1:]}"
        raise UpError(message)
