"""Locks of the state in a folder: one whose process has died is taken away, one whose process lives is respected."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def stale(backend: Path, project: str, stack: str) -> list[Path]:
    """Return the lock files of a stack that processes of this machine have left which are gone.

    The CLI removes its lock at the end; one that was killed, or whose machine went down, cannot.
    """
    return [path for path in _locks(backend, project, stack) if not _is_held(path)]


def release_stale(backend: Path, project: str, stack: str) -> int:
    """Delete the lock files that nobody holds, and return how many there were."""
    found = stale(backend, project, stack)
    for path in found:
        path.unlink(missing_ok=True)
    return len(found)


def _locks(backend: Path, project: str, stack: str) -> Iterator[Path]:
    folder = backend / ".pulumi" / "locks" / "organization" / project / stack
    yield from sorted(folder.glob("*.json"))


def _is_held(path: Path) -> bool:
    """Tell whether the process that wrote a lock lives; a lock that cannot be read, or is another machine's, counts as held."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        pid, host = int(told["pid"]), str(told["hostname"])
    except (OSError, ValueError, KeyError, TypeError):
        return path.exists()
    if host != socket.gethostname():
        return True
    try:
        # A process number is used again; what holds this lock is a CLI. One that is dead and not yet taken notice of has no command line.
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
    return Path(command.decode(errors="replace")).name.startswith("pulumi")
