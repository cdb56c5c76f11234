"""The lock file of an image: one line for each file, with checksum, target and source. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Target of a file that is fetched only for its members
NOT_COPIED: Final = "-"

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SOURCE: Final = re.compile(r"(maven:[^\s:]+(:[^\s:]+){3,4}|pypi:[^\s=]+==[^\s#]+(#\S+)?)")
_HEADER: Final = (
    "# Written by `python -m pipeline images lock`; review it like code. Each line: sha256, path in the image's contents, source.\n"
    "# Sources: maven:<group>:<artifact>:<type>[:<classifier>]:<version>, pypi:<project>==<version>[#<file inside the wheel>].\n"
)


class LockError(ValueError):
    """A lock file cannot be read; the message names the line and the rule."""


@dataclass(frozen=True, order=True, kw_only=True)
class Entry:
    """One pinned file.

    Attributes:
        target: Path below the image's contents folder, or ``NOT_COPIED``.
        source: Coordinates for the package manager.
        sha256: SHA-256 of the file, 64 hexadecimal digits.
    """

    target: str
    source: str
    sha256: str

    @property
    def wheel(self) -> str | None:
        """Source of the wheel that contains this file, or None for a whole file."""
        wheel, separator, _ = self.source.partition("#")
        return wheel if separator else None

    @property
    def member(self) -> str:
        """Path inside the wheel; empty for a whole file."""
        return self.source.partition("#")[2]


def parse(text: str, name: str) -> tuple[Entry, ...]:
    """Parse a lock file; ``name`` is for messages. Raises LockError for a line that pins no file."""
    entries = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 3:  # noqa: PLR2004 - the three columns named in the header
            message = (
                f"{name}:{number}: expected sha256, target and source, got {len(fields)} columns; run `python -m pipeline images lock`"
            )
            raise LockError(message)
        sha256, target, source = fields
        if not _SHA256.fullmatch(sha256):
            message = f"{name}:{number}: {sha256!r} is not a SHA-256 of 64 hexadecimal digits"
            raise LockError(message)
        if not _SOURCE.fullmatch(source):
            message = f"{name}:{number}: {source!r} is neither a maven: nor a pypi: source"
            raise LockError(message)
        if target.startswith("/") or ".." in target.split("/"):
            message = f"{name}:{number}: the target {target!r} leaves the contents folder"
            raise LockError(message)
        entries.append(Entry(target=target, source=source, sha256=sha256))
    _refuse_duplicates(entries, name)
    return tuple(entries)


def render(entries: Iterable[Entry]) -> str:
    """Render a lock file, sorted, so that a change is a small difference."""
    return _HEADER + "".join(f"{entry.sha256}  {entry.target}  {entry.source}\n" for entry in sorted(entries))


def _refuse_duplicates(entries: list[Entry], name: str) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        if entry.target != NOT_COPIED and entry.target in seen:
            message = f"{name}: {entry.target} is listed twice, from {seen[entry.target].source} and from {entry.source}"
            raise LockError(message)
        seen[entry.target] = entry
