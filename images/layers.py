"""The layers of an image that OCI archives contain, lowest first."""

from __future__ import annotations

import io
import json
import os
import tarfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# Annotations in which builders and containerd keep the name of an image
_NAMES: Final = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


class ArchiveError(RuntimeError):
    """An OCI archive cannot be read, or does not have an image or a layer; the message names it and what to do."""


def opened(archives: Sequence[Path]) -> Iterator[tarfile.TarFile]:
    """Yield each layer of the first archive's only image, open until the next one is asked for.

    Args:
        archives: The image as an OCI archive, then archives with the layers that the first lacks.

    Raises:
        ArchiveError: If an archive cannot be read, or none has one of the layers.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(_open(archive)) for archive in archives]
        for layer in _manifest(files[0])["layers"]:
            with tarfile.open(fileobj=_blob(files, layer["digest"])) as contents:
                yield contents


def identity(archive: Path) -> tuple[str, str]:
    """Return name and digest of an archive's image; without an annotation the file's name stands for the image's.

    Raises:
        ArchiveError: If the archive cannot be read, or describes no image.
    """
    with _open(archive) as files:
        (described, *_) = _index(files)["manifests"]
    notes = described.get("annotations", {})
    return next((notes[name] for name in _NAMES if name in notes), archive.stem), described["digest"]


def _open(archive: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(archive)
    except (OSError, tarfile.TarError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        message = f"the archive {archive} cannot be read: {reason}"
        raise ArchiveError(message) from error


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    """Return the manifest of an archive's image; an index may point to another."""
    document = _index(archive)
    while "manifests" in document:
        document = json.load(_blob([archive], document["manifests"][0]["digest"]))
    return document


def _index(archive: tarfile.TarFile) -> dict[str, Any]:
    if "index.json" not in archive.getnames():
        name = os.fsdecode(archive.name or b"")
        message = f"{name} is no OCI archive: it has no index.json; save the image with `docker save` of Docker 25 or later"
        raise ArchiveError(message)
    index: dict[str, Any] = json.load(archive.extractfile("index.json") or io.BytesIO())
    return index


def _blob(archives: Sequence[tarfile.TarFile], digest: str) -> IO[bytes]:
    name = f"blobs/{digest.replace(':', '/')}"
    for archive in archives:
        if name in archive.getnames():
            return archive.extractfile(name) or io.BytesIO()
    message = f"no archive has the layer {digest}; pass the archive of the base image too"
    raise ArchiveError(message)
