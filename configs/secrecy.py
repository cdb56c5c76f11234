"""Detection of credentials in a configuration, and the text that messages show instead."""

from __future__ import annotations

import re

# Replaces a credential, or a reference to one, in messages.
HIDDEN = "(not shown)"

# A reference that the worker resolves with a config provider: ${provider:path:key} or ${provider:key}.
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
# Keys whose value is text with a credential inside.
_EMBEDDING = re.compile(r"(user[._-]info|jaas[._-]config)$")


def is_secret(key: str) -> bool:
    """Return whether the value of a key is a credential, judged by the key's name."""
    return bool(_SECRET_KEY.search(key)) and not _NO_SECRET.search(key)


def is_referenced(key: str, value: str) -> bool:
    """Return whether a value only refers to its credential: it is one reference, or text around one where the key needs such text."""
    if _EMBEDDING.search(key):
        return REFERENCE.search(value) is not None
    return value == "" or REFERENCE.fullmatch(value) is not None


def shown(key: str, value: str) -> str:
    """Return a value for a message: never a credential, nor a reference to one."""
    if is_secret(key) or "${" in value or _SECRET_VALUE.search(value):
        return HIDDEN
    return repr(value)


def without_passwords(text: str) -> str:
    """Mask the values after ``password=`` and similar names in a text; references stay, since they reveal nothing."""
    return _PASSWORD_IN_TEXT.sub(lambda match: match[0] if REFERENCE.search(match[2]) else f"{match[1]}[secret]", text)
