"""Parameters of PostgreSQL, listed by the server itself in single-user mode: no port, no network, no residue."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
from typing import TYPE_CHECKING, Any, Final

from images import layers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# User and group of the server in the image; PostgreSQL refuses to run as root
USER: Final = 999

BIN: Final = "/usr/lib/postgresql/17/bin"
_TIMEOUT_S: Final = 300.0
_WORK: Final = "keydump"
_SQL: Final = (
    "COPY (SELECT name, vartype, unit, context, boot_val, min_val, max_val, array_to_json(enumvals), "
    "current_setting('server_version') FROM pg_settings ORDER BY name) "
    "TO '/keydump/answer.csv' WITH (FORMAT csv, HEADER)"
)
_SCRIPT: Final = (
    f"set -e; cd /{_WORK}; {BIN}/initdb --no-sync --locale=C -E UTF8 -D data >/dev/null; "
    f'printf "%s\\n" "$QUERY" | {BIN}/postgres --single -D data postgres >/dev/null'
)


class PostgresError(RuntimeError):
    """PostgreSQL did not answer; the message ends with the last lines of its output."""


def dump(archives: Sequence[Path], scratch: Path) -> dict[str, Any]:
    """Extract the table of parameters from the server in an image.

    Args:
        archives: The image as an OCI archive, then archives with the layers that the first lacks.
        scratch: An empty folder for its file system; the caller removes it.

    Returns:
        The table with its source, in the form of the jars' tables, plus ``unit`` and ``context``.

    Raises:
        ArchiveError: If no archive has one of the image's layers.
        PostgresError: If the server does not start or does not answer.
    """
    lay_out(archives, scratch)
    work = scratch / _WORK
    work.mkdir()
    os.chown(work, USER, USER)
    command = ["chroot", f"--userspec={USER}:{USER}", str(scratch), "/bin/sh", "-c", _SCRIPT]
    env = {"QUERY": _SQL, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": f"/{_WORK}"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    out = work / "answer.csv"
    if done.returncode or not out.exists():
        message = "PostgreSQL did not list its parameters:\n" + "\n".join(done.stderr.strip().splitlines()[-5:])
        raise PostgresError(message)
    return table(out.read_text(encoding="utf-8"))


def lay_out(archives: Sequence[Path], scratch: Path) -> None:
    """Unpack the image into an empty folder so that ``chroot`` can start its programs."""
    unpack(archives, scratch)
    scratch.chmod(0o755)
    null = scratch / "dev" / "null"
    null.unlink(missing_ok=True)
    os.mknod(null, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    null.chmod(0o666)


def table(text: str) -> dict[str, Any]:
    """Parse the server's output into the table."""
    rows = list(csv.DictReader(io.StringIO(text)))
    return {"source": f"postgresql:{rows[0]['current_setting'].split()[0]}", "keys": {row["name"]: _entry(row) for row in rows}}


def _entry(row: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": row["vartype"], "default": row["boot_val"] or None, "required": False, "context": row["context"]}
    entry |= {key: row[key] for key in ("unit",) if row[key]}
    number = float if row["vartype"] == "real" else int
    entry |= {key: number(row[f"{key}_val"]) for key in ("min", "max") if row[f"{key}_val"]}
    return entry | ({"valid": json.loads(row["array_to_json"])} if row["array_to_json"] else {})


def unpack(archives: Sequence[Path], into: Path) -> None:
    """Unpack the file system of the first archive's only image, layer over layer.

    Raises:
        ArchiveError: If no archive has one of the layers.
    """
    for layer in layers.opened(archives):
        layer.extractall(into, filter="tar")
