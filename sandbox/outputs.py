"""The sandbox's outputs for scripts; every address can be reached from this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sandbox import whole_file
from sandbox.paths import STATE
from settings.names import Names
from specification.archive.sink import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.reader import Reader

_FILE = STATE / "outputs.json"
_COMPLETE: Final = ("postgres", "kafka", "registry", "connect", "archive", "catalog", "tables")


class NoSandboxError(Exception):
    """There is no sandbox whose outputs could be read."""


class IncompleteStackError(Exception):
    """The stack lacks an output that a complete one has."""


def collect(stack: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the program's own outputs, and under ``reader`` the access data of the archive.

    Args:
        stack: The program's outputs, secrets in clear.
        reader: An identity that may only read the archive.

    Raises:
        IncompleteStackError: If an output is missing.
    """
    missing = [name for name in _COMPLETE if name not in stack]
    if missing:
        message = f"the stack has no output {', '.join(missing)} yet"
        raise IncompleteStackError(message)
    return {
        **stack,
        "reader": {
            "endpoint": reader.endpoint,
            "region": reader.region,
            "accessKeyId": reader.access_key_id,
            "secretAccessKey": reader.secret_access_key,
            "catalog": CATALOG,
            "namespace": Names.archive_namespace,
        },
    }


def save(outputs: Mapping[str, Any]) -> None:
    """Keep the outputs for later commands, readable by root alone."""
    whole_file.write(_FILE, json.dumps(outputs, indent=2))


def forget() -> None:
    """Delete them: there is no pipeline any more."""
    _FILE.unlink(missing_ok=True)


def read() -> dict[str, Any]:
    """Read the outputs of the sandbox on this machine.

    Raises:
        NoSandboxError: If there is none, or it was never completed.
    """
    try:
        loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "there is no complete sandbox on this machine; make one with 'make sandbox'"
        raise NoSandboxError(message) from None
    except PermissionError:
        message = f"{_FILE} holds passwords and is readable by root alone; run this as root"
        raise NoSandboxError(message) from None
    return loaded
