"""OCI images as files: a root file system becomes an image, an exported image becomes an archive that a container runtime imports."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_MARKER: Final = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
_ENVIRONMENT: Final = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]


def layout(root: Path, architecture: str, folder: Path) -> None:
    """Make an OCI layout with one image of one layer, without copying the layer.

    Args:
        root: A root file system as a tar file, on the same file system as `folder`; it is moved there.
        architecture: As Debian and OCI both call it, such as amd64.
        folder: The layout, created here.
    """
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with root.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    layer = {"mediaType": _LAYER, "digest": f"sha256:{digest}", "size": root.stat().st_size}
    root.replace(blobs / digest)
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = _blob(blobs, _CONFIG, {"architecture": architecture, "os": "linux", "config": {"Env": _ENVIRONMENT}, "rootfs": rootfs})
    manifest = _blob(blobs, _MANIFEST, {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": [layer]})
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}), encoding="utf-8")
    (folder / "oci-layout").write_bytes(_MARKER)


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
        _add(tar, "oci-layout", _MARKER)
        _add(tar, "index.json", json.dumps(index).encode())
        _add(tar, f"blobs/sha256/{digest}", manifest)
        for blob in dict.fromkeys(part["digest"].removeprefix("sha256:") for part in (content["config"], *content["layers"])):
            with (exported / blob).open("rb") as stream:
                tar.addfile(_entry(f"blobs/sha256/{blob}", (exported / blob).stat().st_size), stream)


def _blob(blobs: Path, media_type: str, content: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(content).encode()
    digest = hashlib.sha256(text).hexdigest()
    (blobs / digest).write_bytes(text)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(text)}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry
