"""The node's own images, made without a builder, and the import of all images into the node; none is ever pulled."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
from typing import TYPE_CHECKING

from sandbox.cluster.components import CONTAINERD_SOCKET
from sandbox.cluster.errors import NodeError

if TYPE_CHECKING:
    from pathlib import Path

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # as the images' format names them
_OCI = "application/vnd.oci.image"
_CTR = ("ctr", "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io")


def runtime_answers() -> bool:
    """Tell whether the container runtime takes orders yet."""
    return CONTAINERD_SOCKET.exists() and subprocess.run([*_CTR, "version"], check=False, capture_output=True).returncode == 0


def pack(program: Path, name: str, archive: Path) -> None:
    """Write an OCI archive of an image that holds nothing but one static program, at the root, as its entry point.

    Args:
        program: The program.
        name: What it is called in the image.
        archive: Where to write; the same program gives the same bytes.
    """
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = program.stat().st_size, 0o755
        with program.open("rb") as content:
            tar.addfile(entry, content)
    layer_digest = _sha256(layer.getvalue())
    config = _json(
        {
            "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
            "os": "linux",
            "config": {"Entrypoint": [f"/{name}"]},
            "rootfs": {"type": "layers", "diff_ids": [layer_digest]},
        },
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": f"{_OCI}.manifest.v1+json",
            "config": _descriptor("config.v1+json", config),
            "layers": [_descriptor("layer.v1.tar", layer.getvalue())],
        },
    )
    index = _json({"schemaVersion": 2, "manifests": [_descriptor("manifest.v1+json", manifest)]})
    fresh = archive.with_suffix(".writing")
    with tarfile.open(fresh, mode="w") as tar:
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", index)
        for blob in (config, manifest, layer.getvalue()):
            _add(tar, "blobs/" + _sha256(blob).replace(":", "/"), blob)
    fresh.rename(archive)


def import_image(archive: Path, reference: str) -> None:
    """Make an image known to the node under a name, unless that very image has that name already.

    Args:
        archive: An OCI archive that holds one image.
        reference: The name with its tag, as pods write it.

    Raises:
        NodeError: If the archive holds another number of images, or the runtime refuses it.
    """
    digest = _manifest_digest(archive)
    if imported().get(reference) == digest:
        return
    repository = reference.rpartition(":")[0]
    _ctr("images", "import", "--digests", "--base-name", repository, str(archive))
    _ctr("images", "tag", "--force", f"{repository}@{digest}", reference)


def imported() -> dict[str, str]:
    """Return the digest of each image the node has, by name."""
    lines = _ctr("images", "list").splitlines()[1:]
    return {name: digest for name, _type, digest, *_ in (line.split() for line in lines)}


def _manifest_digest(archive: Path) -> str:
    with tarfile.open(archive) as tar:
        member = tar.extractfile("index.json")
        manifests = json.load(member)["manifests"] if member else []
    if len(manifests) != 1:
        message = f"{archive} holds {len(manifests)} images; an archive to import holds exactly one"
        raise NodeError(message)
    return str(manifests[0]["digest"])


def _ctr(*arguments: str) -> str:
    done = subprocess.run([*_CTR, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        message = f"ctr {' '.join(arguments)}: {done.stderr.strip()}"
        raise NodeError(message)
    return done.stdout


def _descriptor(kind: str, content: bytes) -> dict[str, object]:
    return {"mediaType": f"{_OCI}.{kind}", "digest": _sha256(content), "size": len(content)}


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
