"""Credentials in a connector's, worker's or server's configuration, and the text that messages show instead."""

from __future__ import annotations

import functools
import re
from typing import Final

from stack.configs.credentials.detector import hidden
from stack.configs.credentials.detector import hidden_in_message as without_passwords
from stack.configs.credentials.names import may_be_secret as is_secret
from stack.configs.credentials.values import SHOWN_AS, is_mixed

__all__ = ["HIDDEN", "REFERENCE", "is_referenced", "is_secret", "shown", "told", "without_passwords"]

# Replaces a credential, or a reference to one, in messages.
HIDDEN = "(not shown)"

# A reference that the worker resolves with a config provider: ${provider:path:key} or ${provider:key}.
REFERENCE = re.compile(r"\$\{[^}:]*:[^}]*\}")

_SECRET_VALUE = re.compile(r"://[^/\s]*@|(?i:password|passwd|secret|token)\s*[=:]")
# Keys whose value is text with a credential inside.
_EMBEDDING = re.compile(r"(user[._-]info|jaas[._-]config)$")


def is_referenced(key: str, value: str) -> bool:
    """Return whether a value only refers to its credential: it is one reference, or text around one where the key needs such text."""
    if _EMBEDDING.search(key):
        return REFERENCE.search(value) is not None
    return value == "" or REFERENCE.fullmatch(value) is not None


def shown(key: str, value: str) -> str:
    """Return a value for a message: never a credential, nor a reference to one."""
    if (
        is_secret(key)
        or "${" in value
        or _SECRET_VALUE.search(value)
        or hidden(value) != value
        or hidden(f"{key}={value}") != f"{key}={value}"
    ):
        return HIDDEN
    return repr(value)


# A word of a message, with the signs that a credential has
_WORD: Final = re.compile(r"[A-Za-z0-9+!#$%^&*?€§]{8,}")
# Text that is judged for credentials; a longer one ends there
_LONGEST: Final = 200_000


@functools.lru_cache(maxsize=8192)
def told(text: str) -> str:
    """Return a message, a path or a value as it may be printed, whatever it repeats: no credential, and no word that looks like one."""
    text = without_passwords(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
    return _WORD.sub(lambda word: SHOWN_AS if is_mixed(word[0]) else word[0], text)
