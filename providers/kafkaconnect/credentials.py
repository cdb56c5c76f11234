"""Which connector keys hold a credential, and whether a value is a reference the worker resolves."""

from __future__ import annotations

import re
from typing import Final

REFERENCE: Final = re.compile(r"\$\{[^}:]+:(?:[^}:]*:)?[^}]+\}")
"""How a worker's config provider is named in a value: `${provider:path:key}` or `${provider:key}`."""

_WORDS = frozenset({"password", "passwd", "passphrase", "pwd", "secret", "sslpassword", "token"})
_ENDINGS = (
    "secret.access.key",
    "secret.key",
    "private.key",
    "account.key",
    "api.key",
    "user.info",
    "jaas.config",
    "credentials.json",
)
_EMBEDDING = ("user.info", "jaas.config")
_PASSWORD_IN_TEXT = re.compile(r"(?i)((?:password|passwd|secret|token)\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;]+)")


def holds_a_credential(key: str) -> bool:
    """Whether the key's name says that its value is a secret: `database.password`, `…s3.secret-access-key`, `…user.info`."""
    dotted = key.lower().replace("-", ".").replace("_", ".")
    return dotted.rsplit(".", 1)[-1] in _WORDS or dotted.endswith(_ENDINGS)


def is_referenced(key: str, value: str) -> bool:
    """Whether a credential stays out of the config: one reference, or one embedded where other text must surround it."""
    if key.lower().replace("-", ".").endswith(_EMBEDDING):
        return REFERENCE.search(value) is not None
    return value == "" or REFERENCE.fullmatch(value) is not None


def without_passwords(text: str) -> str:
    """The text with whatever follows `password=` and its like blanked; references stay, they tell nothing."""
    return _PASSWORD_IN_TEXT.sub(lambda found: found[0] if REFERENCE.search(found[2]) else f"{found[1]}[secret]", text)
