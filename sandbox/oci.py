"""Packs an exported image into an OCI archive, the form that a container runtime imports."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"


def pack(exported: Path, reference: str, archive: Path) -> None:
    """Write an OCI archive with one image, its layers as they are.

    Args:
        exported: Folder with manifest.json and the blobs under their bare SHA-256, as `buildah push dir:` leaves it.
        reference: The name the image gets when it is imported.
        archive: The tar file to write.
    """
    manifest = (exported / "manifest.json").read_bytes()
    content = json.loads(manifest)
    digest = hashlib.sha256(manifest).hexdigest()
    described = {
        "mediaType": _MANIFEST,
        "digest": f"sha256:{digest}",
        "size": len(manifest),
        "annotations": {"org.opencontainers.image.ref.name": reference, "io.containerd.image.name": reference},
    }
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [described]}
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        _add(tar, "index.json", json.dumps(index).encode())
        _add(tar, f"blobs/sha256/{digest}", manifest)
        for blob in dict.fromkeys(part["digest"].removeprefix("sha256:") for part in (content["config"], *content["layers"])):
            with (exported / blob).open("rb") as stream:
                tar.addfile(_entry(f"blobs/sha256/{blob}", (exported / blob).stat().st_size), stream)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry
