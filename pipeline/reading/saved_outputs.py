"""The outputs that ``make sandbox`` has saved on this machine, with passwords, for root alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks import whole_file

if TYPE_CHECKING:
    from collections.abc import Mapping

STACK: Final = "sandbox"
"""Name of the stack whose outputs are saved; those of every other stack are in its state."""

FILE: Final = Path("/var/lib/data-ingestion-sandbox/outputs.json")
"""One for each machine, in the folder of the sandbox's state."""


class NoSandboxError(Exception):
    """There is no sandbox whose outputs could be read."""


def save(outputs: Mapping[str, Any]) -> None:
    """Keep the outputs for later commands, readable by root alone."""
    whole_file.write(FILE, json.dumps(outputs, indent=2))


def forget() -> None:
    """Delete them: there is no pipeline any more."""
    FILE.unlink(missing_ok=True)


def read() -> dict[str, Any]:
    """Read the outputs of the sandbox on this machine.

    Raises:
        NoSandboxError: If there is none, or it was never completed.
    """
    try:
        loaded: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "there is no complete sandbox on this machine; make one with 'make sandbox'"
        raise NoSandboxError(message) from None
    except PermissionError:
        message = f"{FILE} holds passwords and is readable by root alone; run this as root"
        raise NoSandboxError(message) from None
    return loaded
