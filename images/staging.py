"""Stages everything that an image's Dockerfile copies: verified files, unpacked wheels, service manifests, the user's own plugins."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Final

from images import java_compiler, lock, program, pypi, wanted
from images.store import ChecksumError, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from images.store import Store

# Folder of a build context with the files of the lock file
CONTENTS: Final = "contents"

# Folder of an image for zips that the user downloads
EXTRA: Final = "plugins-extra"

# File beside these zips with their checksums, in the format of ``sha256sum``; committed, unlike the zips
SUMS: Final = "SHA256SUMS"

# A file of the image's own folder, in its Dockerfile
_COPIED: Final = re.compile(rf"^COPY (?!{CONTENTS}/)(\S+) ", re.MULTILINE)

# The Confluent S3 sink ships no manifest, so service loading would not find it
_S3_SINK: Final = {"org.apache.kafka.connect.sink.SinkConnector": ("io.confluent.connect.s3.S3SinkConnector",)}


def entries_of(image: Path) -> tuple[lock.Entry, ...]:
    """Return the pinned files of an image's folder; empty for an image that adds no files to its base. Raises LockError."""
    file = image / "contents.lock"
    return lock.parse(file.read_text(encoding="utf-8"), str(file)) if file.exists() else ()


def stage(image: Path, store: Store, into: Path) -> None:
    """Fill ``into``, a build context's contents folder: from the store, and from the zips that the user has put beside the Dockerfile.

    Raises:
        ChecksumError: If a zip is another one than was recorded; the errors of ``stage_pinned``.
    """
    stage_pinned(image, store, into)
    sums = _sums(image)
    for archive in extras(image):
        _unpack_extra(archive, sums, into / "plugins" / archive.stem)


def stage_pinned(image: Path, store: Store, into: Path) -> None:
    """Fill ``into`` with what the image's files pin: files of the store, unpacked wheels, compiled sources, manifests, modules.

    Raises:
        ChecksumError, LockError, PipError, ProgramError, ToolError, WantedError: If a file, a lock, a wheel, a module, a source or
            contents.toml is wrong.
    """
    entries = entries_of(image)
    store.fetch(entries)
    store.stage(entries, into)
    wheels = sorted(into.glob("wheels/*.whl"))
    if wheels:
        pypi.unpack(wheels, into / "python")
    source = image / "contents.toml"
    for folder in wanted.parse(source.read_text(encoding="utf-8"), str(source)) if source.exists() else ():
        if folder.modules:
            program.stage(folder.modules, into / folder.path)
        if folder.services:
            write_manifest(into / folder.path / "services.jar", dict(folder.services))
        if folder.sources:
            (compiler,) = (store.path(entry) for entry in entries if entry.source == f"maven:{folder.compiler}")
            with java_compiler.jars([into / path for path in folder.against]) as class_path:
                java_compiler.compile_sources(compiler, image / folder.sources, class_path, into / folder.path / "compiled.jar")


def program_files(image: Path) -> tuple[Path, ...]:
    """Return the program's own files in an image, relative to its root. Raises ProgramError or WantedError."""
    source = image / "contents.toml"
    folders = wanted.parse(source.read_text(encoding="utf-8"), str(source)) if source.exists() else ()
    return tuple(file for folder in folders if folder.modules for file in program.files(folder.modules))


def written_here(image: Path) -> tuple[str, ...]:
    """Return the paths of what this project wrote itself in an image: compiled sources, manifests, modules, and files of its own folder.

    Raises:
        WantedError: If contents.toml is wrong.
    """
    source = image / "contents.toml"
    folders = wanted.parse(source.read_text(encoding="utf-8"), str(source)) if source.exists() else ()
    made = {"compiled.jar": "sources", "services.jar": "services", "": "modules"}
    staged = [f"{folder.path}/{name}".rstrip("/") for folder in folders for name, key in made.items() if getattr(folder, key)]
    return (*staged, *_COPIED.findall((image / "Dockerfile").read_text(encoding="utf-8")))


def extras(image: Path) -> list[Path]:
    """Return the zips that the user has put beside an image's Dockerfile."""
    return sorted((image / EXTRA).glob("*.zip"))


def record_extras(image: Path) -> list[str]:
    """Record the checksum of each new zip, since no publisher provides one, and return the names of these zips."""
    sums = _sums(image)
    new = {archive.name: sha256(archive) for archive in extras(image) if archive.name not in sums}
    if new:
        text = "".join(f"{checksum}  {name}\n" for name, checksum in sorted({**sums, **new}.items()))
        (image / EXTRA / SUMS).write_text(text, encoding="utf-8")
    return list(new)


def write_manifest(jar: Path, services: Mapping[str, Sequence[str]]) -> None:
    """Write a jar that declares the classes for each Java interface; equal services give equal bytes."""
    # a folder may hold nothing else of the store's
    jar.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(jar, "w") as archive:
        for interface, implementing in sorted(services.items()):
            listed = "".join(f"{name}\n" for name in implementing)
            archive.writestr(zipfile.ZipInfo(f"META-INF/services/{interface}", java_compiler.EPOCH), listed)


def _sums(image: Path) -> dict[str, str]:
    file = image / EXTRA / SUMS
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: checksum for checksum, _, name in (line.partition("  ") for line in lines)}


def _unpack_extra(archive: Path, sums: Mapping[str, str], into: Path) -> None:
    actual, expected = sha256(archive), sums.get(archive.name)
    if expected is None:
        message = f"{archive}: {SUMS} has no checksum for it; `python -m pipeline images stage {archive.parent.parent.name}` records it"
        raise ChecksumError(message)
    if actual != expected:
        message = (
            f"{archive}: its SHA-256 is {actual}, {SUMS} has {expected}; download it again, or delete that line if you trust this file"
        )
        raise ChecksumError(message)
    with zipfile.ZipFile(archive) as files:
        files.extractall(into)
    if any("kafka-connect-s3" in file.name for file in into.rglob("*.jar")):
        write_manifest(into / "services.jar", _S3_SINK)
