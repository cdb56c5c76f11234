"""Credentials with a form of their own, in any surroundings: issued tokens, private keys, logins in addresses, headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.issued import issued
from stack.configs.credentials.names import Sense as _Sense
from stack.configs.credentials.names import sense
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import is_elsewhere, is_login_in_base64, is_referred, looks_chosen, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_QUOTES: Final = frozenset("\"'`")
_IN_URL = re.compile(
    r"://(?!\d{1,5}[/?#])([^\s/?#:@\"'<>\[\]{}()]{0,256}):(?!\d{1,5}(?:[/?#,]|$))((?>\$\{[^}\s]{1,200}\}|[^\s\"'<>]){1,512})@(?=[\w\[$%{(*])"
)
_USER_IN_URL = re.compile(r"://([^\s/?#:@\"'<>]{1,512})@(?=[\w\[])")
_LOGIN = re.compile(r"(?<![\w@/.:$+%-])([A-Za-z][\w.+-]{0,63}):([^\s@/:\"'`,;<>(){}\[\]]{2,128})@(?!sha\d+:)(?=[A-Za-z][\w.-]*)")
# A member of a group of rights, and not a login: user:ann@example.com
_MEMBER = re.compile(r"(?i)(?:deleted:)?(?:(user|account)|group|domain|principal|serviceaccount)")
_NO_LOGIN = re.compile(
    r"mailto|npm|sips?|acct|xmpp|workspace|jsr|file|patch|github|gitlab|bitbucket|link|portal|pkg|git|ssh|docker|tel", re.IGNORECASE
)
_QUERY = re.compile(r"[?&;]((?!amp;)[\w.-]{2,60})=([^\s&\"'<>#;]{1,2048})")
_WEAK_QUERY = frozenset({"key", "sig", "signature", "code", "auth", "x-amz-signature", "x-goog-signature", "sas"})
_HEADER = re.compile(
    r"(?i)\b(?:proxy-)?authori[sz]ation\\?[\"']?(?:\s*(?:[:=,]|=>)\s*|"
    r"[ \t]+(?=\\?[\"']))\\?[\"']?(?:(apikey|basic|bearer|digest|token|own)\s+)?+(?!\[secret\])"
    r"([^\s\"'\\][^\"'\\\n]{0,8000})"
)
_BEARER = re.compile(r"(?i)\bbearer\s+(?!\$|<|\{|\[)([\w.~+/=-]{8,8000})")
_BASIC = re.compile(r"(?i)\bbasic\s+([A-Za-z0-9+/=]{6,2000})")
# The login of a file of curl's, and of a peer of Squid: user = "ann:Tr0ub4dor"
_LOGIN_OF_FILE = re.compile(
    r"(?<![\w.-])(?:(?:proxy-)?user|login)[ \t]{0,9}=[ \t]{0,9}[\"']?([A-Za-z][\w.@-]{0,63}):([^\s\"':/]{4,128})(?=[\s\"']|$)"
)
_SECRET_IN_TEXT = re.compile(r"(?i)(AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)\s*=\s*([^\s;\"'&]{1,500})")


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the credentials of a text that show by their form."""
    text = reading.text
    yield from (Span(*place) for place in issued(text))
    at = 0
    while "PRIVATE KEY" in text and (begins := _PEM.search(text, at)):
        ends = _PEM_END.search(text, begins.end())
        at = ends.end() if ends else len(text)
        # a program compares the first line, with a quote behind it
        yield Span(begins.start(), at, sure=text[begins.end() : begins.end() + 1] not in _QUOTES)
    if "@" in text:
        yield from _in_addresses(text)
    if "=" in text:
        yield from _in_queries(text)
        for found in _LOGIN_OF_FILE.finditer(text):
            if looks_chosen(found[2]) and found[1] != found[2] and not is_elsewhere(found[2]):
                yield Span(*found.span(2))
        if "hared" in reading.lowered or "accountkey" in reading.lowered:
            yield from (Span(*found.span(2)) for found in _SECRET_IN_TEXT.finditer(text) if not is_elsewhere(found[2]))
    yield from _in_headers(reading)


def _in_addresses(text: str) -> Iterator[Span]:
    if "://" in text:
        for found in _IN_URL.finditer(text):
            if not is_referred(found[2]):
                yield Span(*found.span(2), sure=not is_elsewhere(found[2]))
        for found in _USER_IN_URL.finditer(text):
            user = found[1]
            if not is_referred(user) and not user.replace("-", "").replace("_", "").replace(".", "").isalpha():
                yield Span(*found.span(1), sure=looks_random(user) or (len(user) >= _A_TOKEN and user.isalnum() and looks_chosen(user)))
    for found in _LOGIN.finditer(text):
        if not _NO_LOGIN.fullmatch(found[1]) and not is_referred(found[2]) and not found[2].replace(".", "").isdigit():
            kind = _MEMBER.fullmatch(found[1])
            member = bool(kind) and not (kind and kind[1] and looks_chosen(found[2]))
            yield Span(*found.span(2), sure=not is_elsewhere(found[2]) and not member)


_A_TOKEN: Final = 8


def _in_queries(text: str) -> Iterator[Span]:
    for found in _QUERY.finditer(text):
        name, value = found[1], found[2]
        if name.lower() in _WEAK_QUERY:
            if not is_elsewhere(value):
                yield Span(*found.span(2), sure=looks_random(value) or (len(value) >= _A_TOKEN and looks_chosen(value)) or "%" in value)
        elif sense(name) in {_Sense.TOKEN, _Sense.PASSWORD} and not is_referred(value):
            yield Span(*found.span(2), sure=not is_elsewhere(value) and not value.isdigit())


def _in_headers(reading: Reading) -> Iterator[Span]:
    text, lowered = reading.text, reading.lowered
    if "authori" in lowered:
        for found in _HEADER.finditer(text):
            value = found[2].strip()
            if not is_referred(value):
                yield Span(*found.span(2), sure=not is_elsewhere(value) and (bool(found[1]) or _is_word_of_chance(value)))
    if "bearer" in lowered:
        for found in _BEARER.finditer(text):
            if any(map(str.isdigit, found[1])) or looks_random(found[1]):
                yield Span(*found.span(1), sure=looks_chosen(found[1]) or looks_random(found[1]))
    if "basic" in lowered:
        yield from (Span(*found.span(1)) for found in _BASIC.finditer(text) if is_login_in_base64(found[1]))


def _is_word_of_chance(value: str) -> bool:
    return any(looks_random(word) or is_login_in_base64(word) for word in value.split())
