"""Base of each image, and its digest from the first build. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_JAVA: Final = "eclipse-temurin:21-jre-noble"
# Folder below images/ to the public base image. All bases exist for amd64 and arm64.
BASES: Final = {
    "postgres": "postgres:17-trixie",
    "kafka": _JAVA,
    "connect": _JAVA,
    "registry": _JAVA,
    "registry-confluent": "confluentinc/cp-schema-registry:8.1.0",
    "audit": "python:3.13-slim-trixie",
    "monitoring": "debian:trixie-slim",
    "object-store": "python:3.13-slim-trixie",
}

# Digests of the bases in use; committed, since a tag can move and a digest cannot
LOCK: Final = Path(__file__).resolve().parent / "bases.lock"

_HEADER: Final = (
    "# Written by `python -m pipeline images build`, when a base is used for the first time; commit it, and review it like code.\n"
    "# To take a base's newer contents, delete its line and build. Each line: digest of the multi-platform image, its name.\n"
)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_HUB: Final = re.compile(r"^(?:docker\.io/)?(?:library/)?")


class BaseError(ValueError):
    """A base cannot be used; the message names it and what to do."""


def parse(text: str) -> dict[str, str]:
    """Parse the lock file: image name to digest. Raises BaseError for a line that pins nothing."""
    pinned = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        digest, _, reference = line.partition("  ")
        if not _DIGEST.fullmatch(digest) or not reference or " " in reference:
            message = (
                f"{LOCK.name}:{number}: expected `sha256:<64 hexadecimal digits>  <image>`, got {line!r}; delete it to record it again"
            )
            raise BaseError(message)
        if reference in pinned:
            message = f"{LOCK.name}:{number}: {reference} is listed twice; delete one of the lines"
            raise BaseError(message)
        pinned[reference] = digest
    return pinned


def render(pinned: Mapping[str, str]) -> str:
    """Render the lock file, sorted, so that a change is a small difference."""
    return _HEADER + "".join(f"{digest}  {reference}\n" for reference, digest in sorted(pinned.items()))


def digest_of(reference: str, digests: Sequence[str]) -> str:
    """Return the digest of a pulled image.

    Args:
        reference: Name and tag of the image.
        digests: Its ``RepoDigests`` from ``docker image inspect``: ``name@sha256:…``.

    Raises:
        BaseError: If the image was not pulled under that name.
    """
    wanted = _repository(reference)
    for described in digests:
        repository, _, digest = described.partition("@")
        if _repository(repository) == wanted and _DIGEST.fullmatch(digest):
            return digest
    message = f"the image {reference} has no digest: it was built on this machine, not pulled; pass it by --base, or delete it"
    raise BaseError(message)


def overrides(words: Sequence[str]) -> dict[str, str]:
    """Parse ``IMAGE=REFERENCE`` words, which override the default bases. Raises BaseError."""
    chosen = {}
    for word in words:
        name, separator, reference = word.partition("=")
        if not separator or not reference or name not in BASES:
            message = f"--base {word}: expected IMAGE=REFERENCE with IMAGE one of {', '.join(BASES)}"
            raise BaseError(message)
        chosen[name] = reference
    return chosen


def _repository(reference: str) -> str:
    repository = _HUB.sub("", reference.partition("@")[0])
    return repository if ":" not in repository.rpartition("/")[2] else repository.rpartition(":")[0]
