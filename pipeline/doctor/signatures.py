"""Check of the images' signatures by cosign, with a public key: nothing is asked but the registry of each image."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import Check, failure, fine
from pipeline.checks.tool import ask

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.checks.tool import Answer
    from pipeline.doctor.stack_settings import Stack

_INSTALL: Final = "install cosign 2 (https://docs.sigstore.dev/cosign/system_config/installation/, Debian 13: apt-get install cosign)"
# cosign's own exit codes (cmd/cosign/errors of its source): no signature, and none by this key
_UNSIGNED: Final = 10
_BY_ANOTHER: Final = 12


def checks(stack: Stack) -> list[Check[Any]]:
    """Return a check for each image of a stack whose images are signed, and none for another stack."""
    images, key = stack.settings.images, stack.settings.images.signed_by
    if key is None:
        return []
    return [
        Check(
            group="Images", name=f"signature of {images.key_of(image)}", probe=partial(look, image, key), judge=partial(signed, image=image)
        )
        for image in stack.specification.images
    ]


def look(image: str, key: str) -> Answer | None:
    """Ask cosign whether an image is signed.

    The key alone decides: whether a public log has the signature too, which cosign asks otherwise, says nothing more about a key that is
    known, and needs a network beyond the registry.

    Args:
        image: Reference with a digest.
        key: Public key as PEM.

    Returns:
        Its answer, or None without cosign on PATH.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cosign.pub"
        file.write_text(key, encoding="utf-8")
        return ask("cosign", "verify", "--key", str(file), "--insecure-ignore-tlog=true", image)


def signed(answer: Answer | None, image: str) -> Finding:
    """Check that an image is signed by the key."""
    sign = f"cosign sign --key cosign.key --tlog-upload=false {image}"
    if answer is None:
        return failure("the command cosign is not on PATH", _INSTALL)
    if answer.code == 0:
        return fine(f"{image} is signed by images.signedBy")
    if answer.code == _UNSIGNED:
        return failure(f"{image} has no signature", f"if you have built it: {sign}")
    if answer.code == _BY_ANOTHER:
        return failure(f"no signature of {image} is by images.signedBy", f"find out who signed it; if you have built it: {sign}")
    why = f"the signature of {image} cannot be verified: {answer.last_words}"
    return failure(why, "log in to its registry (cosign login), then once more")
