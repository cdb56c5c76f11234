"""Lays out everything an image's Dockerfile copies: verified files, unpacked wheels, service manifests, plugins of the user's own."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Final

from images import lock, pypi, wanted
from images.store import ChecksumError, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from images.store import Store

CONTENTS: Final = "contents"
"""The folder of a build context that holds what the lock file names."""

EXTRA: Final = "plugins-extra"
"""The folder of an image for zips that the user downloads."""

# The Confluent S3 sink ships no manifest, so service loading would not see it.
_S3_SINK: Final = {"org.apache.kafka.connect.sink.SinkConnector": "io.confluent.connect.s3.S3SinkConnector"}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def entries_of(image: Path) -> tuple[lock.Entry, ...]:
    """Read what an image's folder pins; empty when the image takes only what its base has. Raises LockError."""
    file = image / "contents.lock"
    return lock.parse(file.read_text(encoding="utf-8"), str(file)) if file.exists() else ()


def stage(image: Path, store: Store, into: Path) -> None:
    """Fill `into`, a build context's contents folder, from the store. Raises ChecksumError, LockError, PipError or WantedError."""
    entries = entries_of(image)
    store.fetch(entries)
    store.stage(entries, into)
    wheels = sorted(into.glob("wheels/*.whl"))
    if wheels:
        pypi.unpack(wheels, into / "python")
    source = image / "contents.toml"
    for folder in wanted.parse(source.read_text(encoding="utf-8"), str(source)) if source.exists() else ():
        if folder.services:
            write_manifest(into / folder.path / "services.jar", dict(folder.services))
    for archive in sorted((image / EXTRA).glob("*.zip")):
        _unpack_extra(archive, into / "plugins" / archive.stem)


def write_manifest(jar: Path, services: Mapping[str, str]) -> None:
    """Write a jar that declares one class for each Java interface; the same bytes for the same services."""
    with zipfile.ZipFile(jar, "w") as archive:
        for interface, implementation in sorted(services.items()):
            archive.writestr(zipfile.ZipInfo(f"META-INF/services/{interface}", _EPOCH), f"{implementation}\n")


def _unpack_extra(archive: Path, into: Path) -> None:
    note = archive.with_name(archive.name + ".sha256")
    expected = note.read_text(encoding="utf-8").split()[0] if note.exists() else "none"
    found = sha256(archive)
    if found != expected:
        msg = f"{archive}: its SHA-256 is {found}, {note.name} says {expected}; if the file is right, write its checksum there"
        raise ChecksumError(msg)
    with zipfile.ZipFile(archive) as files:
        files.extractall(into)
    if any("kafka-connect-s3" in file.name for file in into.rglob("*.jar")):
        write_manifest(into / "services.jar", _S3_SINK)
