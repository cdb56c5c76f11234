"""Builds the images with Docker: one plain ``docker build`` each, over a base that is pinned by its digest."""

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

# An attestation makes an image an index of two, of which ``kind load`` finds only one
ENVIRONMENT: Final = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}

# What package file names call a processor architecture that Docker calls so.
_ARCHITECTURES: Final = {"amd64": ("x86_64", "amd64"), "arm64": ("aarch64", "arm64")}


class ForeignError(RuntimeError):
    """An image's contents are for another processor architecture than Docker's; the message names image, file and cure."""


def architecture() -> str:
    """The processor architecture that Docker builds for, such as arm64. Raises ToolError."""
    return tool.ask(["docker", "version", "--format", "{{.Server.Arch}}"]).strip()


def build(image: Path, base: str) -> None:
    """Build a staged image under the name that pods use. Raises ToolError."""
    tool.run(command(image, base), ENVIRONMENT)


def command(image: Path, base: str) -> list[str]:
    """The command line that builds a staged image; without network, since all that goes in was verified and staged."""
    return ["docker", "build", "--network", "none", "--tag", REFERENCES[image.name], "--build-arg", f"BASE={base}", os.path.relpath(image)]


def refuse_foreign(name: str, entries: Sequence[Entry], architecture: str) -> None:
    """Raise ForeignError if a file of an image's contents is for another architecture than Docker's."""
    others = [word for theirs, words in _ARCHITECTURES.items() if theirs != architecture for word in words]
    for entry in entries:
        if any(word in entry.target.rpartition("/")[2] for word in others):
            message = f"{name}: {entry.target} is not for {architecture}, which Docker builds for; leave this image out"
            raise ForeignError(message)


def locked(reference: str) -> str | None:
    """A base with the digest that the lock file has for it, if it has one. Raises BaseError."""
    digest = _digests().get(reference)
    return f"{reference}@{digest}" if digest else None


def lock(reference: str) -> str:
    """Pull a base and write its digest into the lock file; gives it with that digest. Raises BaseError or ToolError."""
    tool.run(["docker", "pull", reference])
    told = tool.ask(["docker", "image", "inspect", "--format", "{{json .RepoDigests}}", reference])
    digest = bases.digest_of(reference, json.loads(told) or [])
    bases.LOCK.write_text(bases.render({**_digests(), reference: digest}), encoding="utf-8")
    return f"{reference}@{digest}"


def _digests() -> dict[str, str]:
    return bases.parse(bases.LOCK.read_text(encoding="utf-8")) if bases.LOCK.exists() else {}
