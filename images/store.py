"""Store of verified files by checksum: the files of a lock are fetched once, verified, stored, and staged into build contexts."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from images import maven, pypi
from images.lock import NOT_COPIED, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ChecksumError(RuntimeError):
    """A file differs from the reviewed one; the message names the file, the expected and the actual checksum."""


class Store:
    """A folder of files named by their SHA-256; it contains verified files only.

    Args:
        folder: Folder of the store; created if missing. Files are written elsewhere and renamed, so an interruption leaves no bad file.
    """

    def __init__(self, folder: Path) -> None:
        """Set the folder without touching it."""
        self._folder = folder
        self.repository = folder / "maven"

    def path(self, entry: Entry) -> Path:
        """Return the path of a verified file, existing or not."""
        return self._folder / "sha256" / entry.sha256

    def scratch(self) -> Path:
        """Return a folder on the same file system for unverified files; leftovers of an interruption there are harmless."""
        folder = self._folder / "scratch"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def missing(self, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """Return the entries that the store lacks."""
        return tuple(entry for entry in entries if not self.path(entry).exists())

    def fetch(self, entries: Sequence[Entry]) -> None:
        """Download and verify all missing files. Raises ChecksumError, MavenError or PipError."""
        missing = self.missing(entries)
        if not missing:
            return
        with TemporaryDirectory(dir=self.scratch()) as name:
            self._fetch_maven([entry for entry in missing if entry.source.startswith("maven:")], Path(name))
            whole = [entry for entry in missing if entry.source.startswith("pypi:") and entry.wheel is None]
            self._fetch_wheels(whole, Path(name))
            self._fetch_members([entry for entry in missing if entry.wheel is not None], entries)

    def add(self, file: Path, entry: Entry) -> None:
        """Verify a file and move it into the store. Raises ChecksumError."""
        actual = sha256(file)
        if actual != entry.sha256:
            message = (
                f"{entry.source}: expected SHA-256 {entry.sha256}, got {actual}. The registry's file differs from the reviewed one; "
                "if that is right, run `python -m pipeline images lock` and review the difference"
            )
            raise ChecksumError(message)
        path = self.path(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.replace(path)

    def stage(self, entries: Iterable[Entry], into: Path) -> None:
        """Put the files at their targets, as hard links where the file system allows."""
        for entry in entries:
            if entry.target == NOT_COPIED:
                continue
            target = into / entry.target
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            try:
                os.link(self.path(entry), target)
            except OSError:
                shutil.copyfile(self.path(entry), target)

    def _fetch_maven(self, entries: Sequence[Entry], scratch: Path) -> None:
        if not entries:
            return
        wanted = {entry.sha256: (entry, maven.Coordinates.parse(entry.source.removeprefix("maven:"))) for entry in entries}
        maven.fetch((coordinates for _, coordinates in wanted.values()), self.repository, scratch)
        for entry, coordinates in wanted.values():
            self.add(scratch / coordinates.file_name, entry)

    def _fetch_wheels(self, entries: Sequence[Entry], scratch: Path) -> None:
        if not entries:
            return
        for group in pypi.apart([entry.source.removeprefix("pypi:") for entry in entries]):
            pypi.download(group, scratch, dependencies=False)
        files = {pypi.source_of(file.name): file for file in scratch.glob("*.whl")}
        # two images may have the same wheel
        for entry in {entry.sha256: entry for entry in entries}.values():
            self.add(files[entry.source], entry)

    def _fetch_members(self, missing: Sequence[Entry], entries: Sequence[Entry]) -> None:
        wheels = {entry.source: entry for entry in entries if entry.wheel is None}
        for entry in missing:
            with zipfile.ZipFile(self.path(wheels[entry.wheel or ""])) as archive, TemporaryDirectory(dir=self.scratch()) as name:
                file = Path(name) / "member"
                with archive.open(entry.member) as inside, file.open("wb") as out:
                    shutil.copyfileobj(inside, out)
                self.add(file, entry)


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
