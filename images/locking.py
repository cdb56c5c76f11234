"""Pins an image's contents: resolves contents.toml with the package managers and records every file with its checksum."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from images import maven, pypi
from images.lock import NOT_COPIED, Entry
from images.store import sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from images.store import Store
    from images.wanted import Folder


def pin(folders: Sequence[Folder], store: Store) -> tuple[Entry, ...]:
    """Resolve every folder to pinned files and put the files into the store. Raises MavenError or PipError."""
    # two folders may name the same compiler
    return tuple(dict.fromkeys(entry for folder in folders for entry in _folder(folder, store)))


def _folder(folder: Folder, store: Store) -> Iterator[Entry]:
    wanted = [maven.Coordinates.parse(text) for text in folder.file]
    if folder.maven:
        wanted += maven.closure(folder.maven, folder.exclude, store.repository)
    with TemporaryDirectory(dir=store.scratch()) as name:
        if wanted:
            maven.fetch(wanted, store.repository, Path(name))
        for coordinates in wanted:
            yield _keep(store, Path(name) / coordinates.file_name, folder.path, f"maven:{coordinates}")
    with TemporaryDirectory(dir=store.scratch()) as name:
        if folder.wheels:
            pypi.download(folder.wheels, Path(name), dependencies=True)
        for file in sorted(Path(name).iterdir()):
            yield _keep(store, file, folder.path, pypi.source_of(file.name))
    if folder.inside:
        yield from _members(folder, store)
    if folder.compiler:
        yield _compiler(maven.Coordinates.parse(folder.compiler), store)


def _compiler(coordinates: maven.Coordinates, store: Store) -> Entry:
    with TemporaryDirectory(dir=store.scratch()) as name:
        maven.fetch([coordinates], store.repository, Path(name))
        return _keep(store, Path(name) / coordinates.file_name, None, f"maven:{coordinates}")


def _members(folder: Folder, store: Store) -> Iterator[Entry]:
    patterns = [re.compile(pattern) for pattern in folder.pick]
    with TemporaryDirectory(dir=store.scratch()) as name:
        pypi.download([folder.inside], Path(name), dependencies=False)
        (wheel,) = Path(name).iterdir()
        source = pypi.source_of(wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.namelist():
                file_name = member.rpartition("/")[2]
                if any(pattern.fullmatch(file_name) for pattern in patterns):
                    file = Path(name) / file_name
                    file.write_bytes(archive.read(member))
                    yield _keep(store, file, folder.path, f"{source}#{member}")
        yield _keep(store, wheel, None, source)


def _keep(store: Store, file: Path, folder: str | None, source: str) -> Entry:
    target = NOT_COPIED if folder is None else file.name if folder == "." else f"{folder}/{file.name}"
    entry = Entry(target=target, source=source, sha256=sha256(file))
    store.add(file, entry)
    return entry
