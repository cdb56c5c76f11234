"""Plugins that an engine has left behind which was killed: found by the home in their environment, ended by their number."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLUGINS: Final = (
    b"pulumi-resource-",
    b"sandbox.standins",
    b"sandbox.pulumi.language_host",
    b"pulumi-language-python",
    b"pulumi.policy",
    b"/providers/",
)
"""Parts of the command lines of plugins and of the programs that a language host starts."""


def end(home: Path) -> int:
    """End every plugin whose CLI is gone, and return how many there were.

    A plugin's parent is a CLI, or a language host that a CLI has started: both have the home in their environment. One whose parent has
    not was left behind. Nothing but a plugin is ever ended, whoever has the home in its environment.
    """
    found = list(_left(home))
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    return len(found)


def _left(home: Path) -> Iterator[int]:
    mark = f"PULUMI_HOME={home}".encode()
    marked = {int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if mark in _read(path).split(b"\0")}
    for pid in marked:
        command = _read(Path(f"/proc/{pid}/cmdline"))
        if _parent(pid) not in marked and any(sign in command for sign in _PLUGINS):
            yield pid


def _parent(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
