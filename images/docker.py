"""Builds the images with Docker: one plain ``docker build`` each, on a base pinned by its digest."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from images import bases, tool
from images.references import REFERENCES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from images.lock import Entry

# With an attestation the image would be an index of two, of which ``kind load`` finds only one
ENVIRONMENT: Final = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}

# Docker's name of a processor architecture to its names in package files
_ARCHITECTURES: Final = {"amd64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}


class ForeignError(RuntimeError):
    """An image's contents do not match Docker's processor architecture; the message names image, file and cure."""


def architecture() -> str:
    """Return the processor architecture that Docker builds for, such as arm64. Raises ToolError."""
    return tool.ask(["docker", "version", "--format", "{{.Server.Arch}}"]).strip()


def build(image: Path, base: str) -> None:
    """Build a staged image, tagged with the name that pods use. Raises ToolError."""
    tool.run(command(image, base), ENVIRONMENT)


def command(image: Path, base: str) -> list[str]:
    """Return the command that builds a staged image; without network, since all contents are verified and staged."""
    return ["docker", "build", "--network", "none", "--tag", REFERENCES[image.name], "--build-arg", f"BASE={base}", os.path.relpath(image)]


def refuse_foreign(name: str, entries: Sequence[Entry], architecture: str) -> None:
    """Raise ForeignError if a file of an image's contents does not match Docker's architecture."""
    others = [word for theirs, words in _ARCHITECTURES.items() if theirs != architecture for word in words]
    for entry in entries:
        if any(word in entry.target.rpartition("/")[2] for word in others):
            message = f"{name}: {entry.target} is not for {architecture}, Docker's architecture; leave this image out"
            raise ForeignError(message)


def locked(reference: str) -> str | None:
    """Return a base with its digest from the lock file; None if it has none. Raises BaseError."""
    digest = _digests().get(reference)
    return f"{reference}@{digest}" if digest else None


def lock(reference: str) -> str:
    """Pull a base, write its digest into the lock file and return both. Raises BaseError or ToolError."""
    tool.run(["docker", "pull", reference])
    digests = tool.ask(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference])
    digest = bases.digest_of(reference, json.loads(digests) or [])
    bases.LOCK.write_text(bases.render({**_digests(), reference: digest}), encoding="utf-8")
    return f"{reference}@{digest}"


def _digests() -> dict[str, str]:
    return bases.parse(bases.LOCK.read_text(encoding="utf-8")) if bases.LOCK.exists() else {}
