"""OCI images as files: a root file system becomes an image, an exported image becomes an archive that a container runtime imports."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CONFIG: Final = "application/vnd.oci.image.config.v1+json"
_LAYER: Final = "application/vnd.oci.image.layer.v1.tar"
_MARKER: Final = json.dumps({"imageLayoutVersion": "1.0.0"}).encode()
_ENVIRONMENT: Final = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]


def pack_root(root: Path, architecture: str, reference: str, archive: Path) -> None:
    """Write an OCI archive of an image whose one layer is a root file system.

    Args:
        root: The root file system as a tar file.
        architecture: As Debian and OCI both call it, such as amd64.
        reference: The name the image gets when it is imported.
        archive: The tar file to write.
    """
    pack_layer(root, architecture, {"Env": _ENVIRONMENT}, archive, reference)


def pack_layer(root: Path, architecture: str, defaults: Mapping[str, Any], archive: Path, reference: str | None = None) -> None:
    """Write an OCI archive of an image of one layer; the same layer gives the same bytes.

    Args:
        root: The layer as a tar file.
        architecture: As Debian and OCI both call it, such as amd64.
        defaults: Default settings of its containers, as the image configuration names them.
        archive: The tar file to write.
        reference: The name the image gets when it is imported, or None when it is named then.
    """
    with root.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    layer = {"mediaType": _LAYER, "digest": f"sha256:{digest}", "size": root.stat().st_size}
    rootfs = {"type": "layers", "diff_ids": [layer["digest"]]}
    config = json.dumps({"architecture": architecture, "os": "linux", "config": defaults, "rootfs": rootfs}).encode()
    manifest = json.dumps({"schemaVersion": 2, "mediaType": _MANIFEST, "config": _described(_CONFIG, config), "layers": [layer]}).encode()
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        _begin(tar, manifest, reference)
        _add(tar, _path(hashlib.sha256(config).hexdigest()), config)
        _copy(tar, digest, root)


def pack(exported: Path, reference: str, archive: Path, base: Path) -> None:
    """Write an OCI archive with one image, its layers as they are, without the layers of its base: that is imported first.

    Args:
        exported: Folder with manifest.json and the blobs under their bare SHA-256, as `buildah push dir:` leaves it.
        reference: The name the image gets when it is imported.
        archive: The tar file to write.
        base: The OCI archive of the image that this one is built upon.

    Raises:
        ValueError: If the image is not built upon that base.
    """
    manifest = (exported / "manifest.json").read_bytes()
    content = json.loads(manifest)
    own, below = _layers(content), _layers(_manifest(base))
    if own[: len(below)] != below:
        message = f"{reference} is not built upon the image of {base.name}"
        raise ValueError(message)
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        _begin(tar, manifest, reference)
        for blob in dict.fromkeys((content["config"]["digest"].removeprefix("sha256:"), *own[len(below) :])):
            _copy(tar, blob, exported / blob)


def _layers(manifest: dict[str, Any]) -> list[str]:
    return [layer["digest"].removeprefix("sha256:") for layer in manifest["layers"]]


def digests(archive: Path) -> list[str]:
    """Return the digest of each image in an OCI archive."""
    with tarfile.open(archive) as tar:
        return [str(described["digest"]) for described in _read(tar, "index.json")["manifests"]]


def _manifest(archive: Path) -> dict[str, Any]:
    (digest,) = digests(archive)
    with tarfile.open(archive) as tar:
        return _read(tar, _path(digest.removeprefix("sha256:")))


def _read(tar: tarfile.TarFile, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.load(tar.extractfile(name) or io.BytesIO())
    return content


def _begin(tar: tarfile.TarFile, manifest: bytes, reference: str | None) -> None:
    described = _described(_MANIFEST, manifest)
    if reference is not None:
        described["annotations"] = {"org.opencontainers.image.ref.name": reference, "io.containerd.image.name": reference}
    _add(tar, "oci-layout", _MARKER)
    _add(tar, "index.json", json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [described]}).encode())
    _add(tar, _path(hashlib.sha256(manifest).hexdigest()), manifest)


def _described(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}


def _path(digest: str) -> str:
    return f"blobs/sha256/{digest}"


def _copy(tar: tarfile.TarFile, digest: str, blob: Path) -> None:
    with blob.open("rb") as stream:
        tar.addfile(_entry(_path(digest), blob.stat().st_size), stream)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    tar.addfile(_entry(name, len(content)), io.BytesIO(content))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry
