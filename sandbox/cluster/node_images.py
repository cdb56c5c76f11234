"""The node's own images, made without a builder, and the import of all images into the node; none is ever pulled."""

from __future__ import annotations

import platform
import subprocess
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox import oci
from sandbox.cluster.components import CONTAINERD_SOCKET
from sandbox.cluster.errors import NodeError

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}  # as the images' format names them
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
    architecture = _ARCHITECTURES.get(platform.machine(), platform.machine())
    with TemporaryDirectory(dir=archive.parent) as scratch:
        layer, fresh = Path(scratch) / "layer.tar", Path(scratch) / "packed.tar"
        with tarfile.open(layer, mode="w") as tar, program.open("rb") as content:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = program.stat().st_size, 0o755
            tar.addfile(entry, content)
        oci.pack_layer(layer, architecture, {"Entrypoint": [f"/{name}"]}, fresh)
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
    found = oci.digests(archive)
    if len(found) != 1:
        message = f"{archive} holds {len(found)} images; an archive to import holds exactly one"
        raise NodeError(message)
    return found[0]


def _ctr(*arguments: str) -> str:
    done = subprocess.run([*_CTR, *arguments], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        message = f"ctr {' '.join(arguments)}: {done.stderr.strip()}"
        raise NodeError(message)
    return done.stdout
