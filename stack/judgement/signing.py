"""Rule for signed images: a signature is of bytes, so each image is named by the digest of its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from stack.specification.stack import Specification


def signing_problems(specification: Specification) -> list[Problem]:
    """Return every image without a digest in a stack whose images are signed: another image could get its tag after the look."""
    images = specification.settings.images
    if images.signed_by is None:
        return []
    return [
        Problem(
            path=f"images.{images.key_of(image)}",
            value=image,
            rule="has no digest, and with images.signedBy each image needs one, since a signature is of a digest",
            cure="push the image to your registry, sign it there, and write name:tag@sha256:… as the registry told it",
        )
        for image in specification.images
        if "@sha256:" not in image
    ]
