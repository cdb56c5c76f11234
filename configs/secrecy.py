"""Which keys and values of a configuration are credentials, and what may be shown instead."""

from __future__ import annotations

import re

# Stands in a message for a credential, or for the place of one.
HIDDEN = "(not shown)"

# A value that the worker looks up with a config provider: ${provider:path:key} or ${provider:key}.
REFERENCE = re.compile(r"\$\{[^}:]*:[^}]*\}")

_SECRET_KEY = re.compile(
    r"pas+w|passphrase|pwd|(^|[._-])pass($|[._-])|secret|token|jaas|user[._-]?info|credential(?!s?[._-](provider|source))|"
    r"private[._-]?key|sslkey|(access|account|api|customer|keystore)[._-]key|ssl[._-]key$|certificate[._-]chain",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"password_encryption$|credentials\.source$|key[._-]id$|max\.token|tokens\.max$|sasl\.oauthbearer\.token\.endpoint\.url$"
)
_SECRET_VALUE = re.compile(r"://[^/\s]*@|(?i:password|passwd|secret|token)\s*[=:]")
_PASSWORD_IN_TEXT = re.compile(r"(?i)((?:password|passwd|secret|token)\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s&,;]+)")
# Keys whose value is text around a credential.
_EMBEDDING = re.compile(r"(user[._-]info|jaas[._-]config)$")


def is_secret(key: str) -> bool:
    """Whether the value of a key is a credential, judged by the key's name."""
    return bool(_SECRET_KEY.search(key)) and not _NO_SECRET.search(key)


def is_referenced(key: str, value: str) -> bool:
    """Whether a credential stays out of the configuration: one reference, or one inside the text that some keys need."""
    if _EMBEDDING.search(key):
        return REFERENCE.search(value) is not None
    return value == "" or REFERENCE.fullmatch(value) is not None


def shown(key: str, value: str) -> str:
    """A value as a message may show it: never a credential, nor the place of one."""
    if is_secret(key) or "${" in value or _SECRET_VALUE.search(value):
        return HIDDEN
    return repr(value)


def without_passwords(text: str) -> str:
    """Text with the values behind ``password=`` and its like masked; references stay, since they reveal nothing."""
    return _PASSWORD_IN_TEXT.sub(lambda found: found[0] if REFERENCE.search(found[2]) else f"{found[1]}[secret]", text)
