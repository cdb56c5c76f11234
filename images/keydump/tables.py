"""Generates the tables of keys: jars from the lock files, one run of Java for each image, PostgreSQL for its own."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from images import staging
from images.keydump.asked import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from images.keydump.asked import Asked
    from images.lock import Entry
    from images.store import Store

PROGRAM: Final = Path(__file__).resolve().parent / "DumpKeys.java"
# Folder of the committed tables
FOLDER: Final = Path(__file__).resolve().parents[2] / "stack" / "configs" / "tables"

_PROCESSORS: Final = "-XX:ActiveProcessorCount=2"  # a default that counts processors must not depend on the machine
_TIMEOUT_S: Final = 300.0


class KeysError(RuntimeError):
    """Java did not list the keys; the message ends with lines of its output."""


def generate(images: Path, store: Store) -> dict[str, dict[str, Any]]:
    """Generate every table that comes from jars, by name.

    Args:
        images: Folder of the images with their lock files.
        store: Store of their verified files.

    Raises:
        KeysError: If Java fails; the store's errors if a file cannot be fetched.
    """
    generated: dict[str, dict[str, Any]] = {}
    for image in sorted({asked.image for asked in TABLES}):
        tables = [table for table in TABLES if table.image == image]
        entries = staging.entries_of(images / image)
        with TemporaryDirectory(dir=store.scratch()) as name:
            folders = _laid_out(images / image, store, Path(name))
            answer = _ask([argument for table in tables for argument in table.arguments], folders)
        generated |= {table.table: _table(table, answer, entries) for table in tables}
    return generated


def render(table: Mapping[str, Any]) -> str:
    """Render the file of a table: one key a line, sorted, so that a new version is a small difference."""
    lines = [f'{{"source": {json.dumps(table["source"])}']
    for part in ("keys", "classes"):
        if part in table:
            rows = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(table[part].items())]
            lines.append(f"{json.dumps(part)}: {{\n" + ",\n".join(rows) + "\n}")
    return ",\n".join(lines) + "}\n"


def version_of(artifact: str, entries: Sequence[Entry]) -> str:
    """Return ``artifact:version`` of a jar or archive in a lock file.

    Raises:
        KeysError: If the lock file does not have it.
    """
    for entry in entries:
        coordinates = re.fullmatch(rf"maven:[^:]+:{re.escape(artifact)}:.*?([^:]+)", entry.source)
        inside = re.fullmatch(rf"pypi:.*/{re.escape(artifact)}-([0-9][^/]*)\.jar", entry.source)
        match = coordinates or inside
        if match:
            return f"{artifact}:{match[1]}"
    message = f"no lock file has {artifact}; correct the table's artifacts in images/keydump/asked.py"
    raise KeysError(message)


def _laid_out(image: Path, store: Store, into: Path) -> list[Path]:
    """Stage the jars of an image, also those of its own sources, unpack the archives, and return the folders of the jars."""
    staging.stage_pinned(image, store, into)
    for archive in into.rglob("*.tar.gz"):
        with tarfile.open(archive) as files:
            files.extractall(archive.parent, filter="data")
    return sorted({jar.parent for jar in into.rglob("*.jar")})


def _ask(arguments: Sequence[str], folders: Sequence[Path]) -> dict[str, dict[str, Any]]:
    command = ["java", _PROCESSORS, "-cp", ":".join(f"{folder}/*" for folder in folders), str(PROGRAM), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        message = "Java did not list the keys:\n" + "\n".join(done.stderr.strip().splitlines()[:5])
        raise KeysError(message)
    answer: dict[str, dict[str, Any]] = json.loads(done.stdout[done.stdout.index("{") :])
    return answer


def _table(asked: Asked, answer: Mapping[str, dict[str, Any]], entries: Sequence[Entry]) -> dict[str, Any]:
    source = ", ".join([*(version_of(artifact, entries) for artifact in asked.artifacts), *asked.own])
    names = sorted({argument.partition("=")[0] for argument in asked.arguments})
    if names == [asked.table]:
        without = asked.without | answer.get(asked.beyond, {}).keys()
        return {"source": source, "keys": {key: entry for key, entry in answer[asked.table].items() if key not in without}}
    return {"source": source, "classes": {name: answer[name] for name in names}}
