"""How a problem of a configuration is told: key, value unless it is a secret, rule and cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN = "(not shown)"
"""Stands in a message for a value that is a credential, or the place of one."""

REFERENCE = re.compile(r"\$\{[^}:]*:[^}]*\}")
"""A value that the worker looks up by a config provider, ``${provider:path:key}``."""

_SECRET_KEY = re.compile(
    r"pas+w|passphrase|pwd|secret|token|jaas|user[._]?info|credential(?!s?\.(provider|source))|private[._]?key|sslkey|"
    r"access\.key|customer\.key|keystore\.key|ssl\.key$|certificate\.chain",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"password_encryption$|credentials\.source$|key\.id$|max\.token|sasl\.oauthbearer\.token\.endpoint\.url$")
_MEANT = re.compile(r"did you mean (\S+)\?")
_SECRET_VALUE = re.compile(r"://[^/\s]*@|(?i:password|passwd|secret|token)\s*[=:]")


def is_secret(key: str) -> bool:
    """Whether a key's value is a credential, judged by its name."""
    return bool(_SECRET_KEY.search(key)) and not _NO_SECRET.search(key)


def shown(key: str, value: str) -> str:
    """A value as it may stand in a message: never a credential, nor the place of one."""
    if is_secret(key) or "${" in value or _SECRET_VALUE.search(value):
        return HIDDEN
    return repr(value)


def told(config: Mapping[str, str], key: str, rule: str) -> str:
    """One problem: ``key = value: rule``, or ``key is missing: rule``; the rule ends with the cure.

    Where the rule asks whether another key was meant, that one's name decides too whether the value is a credential.
    """
    meant = _MEANT.search(rule)
    return f"{key} = {shown(f'{key} {meant[1]}' if meant else key, config[key])}: {rule}" if key in config else f"{key} is missing: {rule}"


def key_of(problem: str) -> str:
    """The key that a problem is about: its first word."""
    return problem.partition(" ")[0].rstrip(":")
