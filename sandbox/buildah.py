"""Builds Dockerfiles without a daemon: buildah with storage of its own, nothing of it outside one folder."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

from sandbox import child_process

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S: Final = 900.0
_TAIL: Final = 12
# What buildah notes in /var/lib/containers is not for this machine to keep; only buildah itself sees this mount.
_PRIVATELY: Final = ("sh", "-c", 'mount -t tmpfs none /var/lib && exec "$0" "$@"')


class BuildError(RuntimeError):
    """buildah failed; the message ends with its last lines."""


class Buildah:
    """buildah over one folder.

    Args:
        folder: Holds the image storage; created when missing.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is run yet."""
        storage = ["--root", str(folder / "root"), "--runroot", str(folder / "run"), "--storage-driver", "overlay"]
        self._command = [*_PRIVATELY, "buildah", *storage]
        self._temporary = folder / "tmp"

    def has(self, image: str) -> bool:
        """Return True if the storage has an image of that name."""
        return self._try("inspect", "--type", "image", "--format", "{{.FromImageID}}", image).returncode == 0

    def forget_interrupted(self) -> None:
        """Remove the containers and temporary files that interrupted builds left behind. Raises BuildError."""
        shutil.rmtree(self._temporary, ignore_errors=True)
        self._run("cleaning up after an earlier build", "rm", "--all")

    def take(self, archive: Path, image: str) -> None:
        """Put the one image of an OCI archive into the storage under a name. Raises BuildError."""
        identity = self._run(f"importing {image}", "pull", "--quiet", f"oci-archive:{archive}").split()[-1]
        self._run(f"naming {image}", "tag", identity, image)

    def build(self, context: Path, base: str, image: str) -> None:
        """Build a context's Dockerfile over a base that is in the storage; nothing is pulled. Raises BuildError."""
        given = ["--pull-never", "--build-arg", f"BASE={base}", "--tag", image]
        self._run(f"building {image}", "bud", "--quiet", "--isolation", "chroot", *given, str(context))

    def export(self, image: str, folder: Path) -> None:
        """Write an image's manifest and uncompressed layers into a folder; compressing takes three times as long. Raises BuildError."""
        self._run(f"exporting {image}", "push", "--quiet", "--disable-compression", "--format", "oci", image, f"dir:{folder}")

    def prune(self, keep: set[str]) -> None:
        """Delete every image but the named ones, as far as nothing else is built upon them."""
        listed = self._try("images", "--format", "{{.Name}}:{{.Tag}}").stdout.split()
        for image in sorted({name for name in listed if not name.startswith("<none>")} - keep):
            self._try("rmi", image)
        self._try("rmi", "--prune")

    def _run(self, why: str, *arguments: str) -> str:
        done = self._try(*arguments)
        if done.returncode:
            msg = f"{why} failed:\n" + "\n".join((done.stderr or done.stdout).splitlines()[-_TAIL:])
            raise BuildError(msg)
        return done.stdout

    def _try(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        self._temporary.mkdir(parents=True, exist_ok=True)
        try:
            return child_process.run([*self._command, *arguments], timeout_s=_TIMEOUT_S, temporary=self._temporary)
        except subprocess.TimeoutExpired as error:
            msg = f"buildah {arguments[0]} did not finish within {_TIMEOUT_S:.0f} s"
            raise BuildError(msg) from error
