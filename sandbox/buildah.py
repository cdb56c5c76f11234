"""Builds Dockerfiles without a daemon: buildah with storage of its own, nothing of it outside one folder."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S: Final = 900.0
_TAIL: Final = 12


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
        self._command = ["buildah", *storage]

    def has(self, image: str) -> bool:
        """Whether an image of that name is in the storage."""
        return self._try("inspect", "--type", "image", "--format", "{{.FromImageID}}", image).returncode == 0

    def forget_containers(self) -> None:
        """Remove what interrupted builds left behind."""
        self._run("cleaning up after an earlier build", "rm", "--all")

    def import_root(self, tarball: Path, image: str, scratch: Path) -> None:
        """Make an image of one layer from a root file system. Raises BuildError."""
        (scratch / "Dockerfile").write_text(f"FROM scratch\nADD {tarball.name} /\nENV LANG=C.UTF-8\n", encoding="utf-8")
        self._run(f"importing {image}", "bud", "--quiet", "--isolation", "chroot", "--tag", image, str(scratch))

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
        for image in sorted(set(listed) - keep):
            self._try("rmi", image)

    def _run(self, why: str, *arguments: str) -> None:
        done = self._try(*arguments)
        if done.returncode:
            msg = f"{why} failed:\n" + "\n".join((done.stderr or done.stdout).splitlines()[-_TAIL:])
            raise BuildError(msg)

    def _try(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        if shutil.which("buildah") is None:
            msg = "the command buildah is not installed; it is Debian's package of that name"
            raise BuildError(msg)
        try:
            return subprocess.run([*self._command, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            msg = f"buildah {arguments[0]} did not finish within {_TIMEOUT_S:.0f} s"
            raise BuildError(msg) from error
