"""Check of a stack's secrets provider: can this shell use it? No secret is shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, unseen, warning
from stack.settings import yaml_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.check import Finding

_VARIABLE: Final = "PULUMI_CONFIG_PASSPHRASE"
_SET: Final = f"export {_VARIABLE}_FILE=<a file with the passphrase>"
_ROUNDS: Final = 1_000_000
_KEY_BYTES: Final = 32
_MARK: Final = b"pulumi"


@dataclass(frozen=True, slots=True)
class Provider:
    """A stack's secrets provider.

    Attributes:
        url: Secrets provider in the stack file, for example ``awskms://alias/pulumi?region=eu-west-1``; empty for none.
        salt: The stack's encrypted sample, on which the passphrase is tried; empty when the stack has none yet.
        passphrase: Passphrase from the environment or from the file it names; None when neither is set.
        problem: Reason why that file could not be read; empty otherwise.
    """

    url: str
    salt: str
    passphrase: str | None
    problem: str = ""

    def __repr__(self) -> str:
        """Leave the passphrase out."""
        return f"Provider(url={self.url!r})"


def look(stack_file: Path, environment: Mapping[str, str]) -> Provider:
    """Read the secrets provider from the stack file and the passphrase from the environment."""
    head = yaml_file.read(stack_file) or {}
    passphrase, problem = environment.get(_VARIABLE), ""
    file = environment.get(f"{_VARIABLE}_FILE")
    if passphrase is None and file:
        try:
            passphrase = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            problem = f"{file} cannot be read ({error.strerror})"
    return Provider(str(head.get("secretsprovider") or ""), str(head.get("encryptionsalt") or ""), passphrase, problem)


def opens(salt: str, passphrase: str) -> bool:
    """Tell whether a passphrase is the stack's own.

    The stack file's ``encryptionsalt`` is ``v1:<salt>:v1:<nonce>:<text>``: the word "pulumi" under AES-GCM, with a key of PBKDF2.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only a stack with a passphrase needs it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - as above

    try:
        _, key_salt, _, nonce, text = salt.split(":")
        key = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), base64.b64decode(key_salt), _ROUNDS, _KEY_BYTES)
        return AESGCM(key).decrypt(base64.b64decode(nonce), base64.b64decode(text), None) == _MARK
    except (InvalidTag, ValueError, binascii.Error):
        return False


def usable(provider: Provider) -> Finding:
    """Check whether this shell can encrypt and decrypt the stack's secrets."""
    if provider.url and not provider.url.startswith("passphrase"):
        return unseen(f"{provider.url.partition('?')[0]}; only 'pulumi preview' shows whether this shell may use its key")
    if provider.problem:
        return failure(provider.problem, _SET)
    if provider.passphrase is None:
        why = (
            "a passphrase encrypts this stack's secrets"
            if provider.salt
            else "the stack names no secrets provider, so Pulumi asks for a passphrase"
        )
        return (failure if provider.salt else warning)(f"{why}, and neither {_VARIABLE} nor {_VARIABLE}_FILE is set", _SET)
    if provider.salt and not opens(provider.salt, provider.passphrase):
        return failure("the passphrase does not match this stack", _SET)
    if not provider.passphrase:
        return warning("the passphrase is empty: anyone who reads the state can read its secrets", _SET)
    return fine("the passphrase matches this stack" if provider.salt else "a passphrase is set")
