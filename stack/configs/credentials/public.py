"""Values that everybody may know, although their form, or the name beside them, is that of a credential."""

from __future__ import annotations

import re
from typing import Final

from stack.configs.credentials.values import bare

# Keys that Amazon's own documents show: AKIAIOSFODNN7EXAMPLE and wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
_EXAMPLE: Final = re.compile(r"A(?:KIA|SIA|IDA|ROA)[A-Z0-9]{9}EXAMPLE|[A-Za-z0-9+/]{30}EXAMPLEKEY")
# The JDK's own stores of public certificates have this password on every machine.
_OF_THE_JDK: Final = "changeit"
_STORE: Final = re.compile(r"(?i)(?:\bstorepass|trust_?store[._-]?pass(?:word|phrase)?)[\"']?[\s=:,]{1,20}[\"']?$")
# What stands in place of a credential that was taken out, and a pattern that finds one
_CENSORED: Final = re.compile(r"(?i)[\W_]*(?:redacted|masked|hidden|removed|filtered|scrubbed|censored)[\W_]*")
_SEARCHED: Final = re.compile(r"(?i)(?=.*(?:pass|secret|token|key|auth|cred|bearer)).*(?:\.\*|\[[_.\\ -]{1,6}\]|\(\?i\)|\\[sSwWdb]).*")
# The public half of a Sentry project's login: a client has to know it
_SENTRY: Final = re.compile(r"@[A-Za-z0-9][\w.-]{1,200}(?::\d{2,5})?(?:/[\w-]{1,60}){0,3}/\d{1,20}(?![\w/])")
_SENTRY_KEY: Final = re.compile(r"[0-9a-f]{32}")
# Encrypted by the controller's public key: a length of two bytes, which is 512, and more
_SEALED: Final = re.compile(r"Ag[A-D][A-Za-z0-9+/]{60,}={0,2}")
_SEALED_KIND: Final = re.compile(r"\bkind[\"']?\s{0,20}:\s{0,20}[\"']?SealedSecret\b")
_BEFORE, _AFTER = 60, 300


def is_public(text: str, start: int, end: int) -> bool:
    """Return whether what stands at a place of a text may be known to everybody."""
    value = bare(text[start:end].strip("),; "))
    if _EXAMPLE.fullmatch(value) or _CENSORED.fullmatch(value) or (len(value) <= _AFTER and _SEARCHED.fullmatch(value)):
        return True
    if text[start - 1 : start + 1] == "[^" or value.startswith("[^"):
        return True
    if value == _OF_THE_JDK:
        return bool(_STORE.search(text[max(start - _BEFORE, 0) : start]))
    if _SENTRY_KEY.fullmatch(value) and text[max(start - 8, 0) : start].endswith(("http://", "https://")):
        return bool(_SENTRY.match(text, end))
    return bool(_SEALED.fullmatch(value)) and bool(_SEALED_KIND.search(text))


def is_example(value: str) -> bool:
    """Return whether a value is a key that Amazon's documents show."""
    return bool(_EXAMPLE.fullmatch(value))
