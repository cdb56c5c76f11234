"""Credentials with a form of their own, in any surroundings: issued tokens, keys, hashes, logins in addresses, headers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from configs.credentials.names import Sense as _Sense
from configs.credentials.names import sense
from configs.credentials.spans import Span
from configs.credentials.values import is_elsewhere, is_login_in_base64, is_referred, looks_chosen, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

    from configs.credentials.reading import Reading

# First characters of an issued credential to its whole form, as the issuers document them
_ISSUED: Final = {
    **dict.fromkeys(("AKIA", "ASIA"), r"(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    **dict.fromkeys(("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9_]{16,255}"),
    "github_pat_": r"github_pat_\w{20,255}",
    **dict.fromkeys(("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glsoat-"), r"gl(?:pat|dt|rt|cbt|ptt|soat)-[\w.-]{16,255}"),
    **dict.fromkeys(("sk_live_", "sk_test_", "rk_live_", "rk_test_"), r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,255}"),
    "whsec_": r"whsec_[A-Za-z0-9+/=]{16,255}",
    **dict.fromkeys(("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe.", "xoxe-"), r"xox[bpares][-.][A-Za-z0-9.-]{10,255}"),
    "xapp-": r"xapp-[A-Za-z0-9-]{10,255}",
    "hooks.slack.com/services/": r"hooks\.slack\.com/services/[\w/]{20,255}",
    "AIza": r"AIza[\w-]{30,60}",
    "ya29.": r"ya29\.[\w-]{20,2000}",
    "GOCSPX-": r"GOCSPX-[\w-]{20,60}",
    "eyJ": r"eyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,8000}){0,3}",
    "SG.": r"SG\.[\w-]{16,40}\.[\w-]{16,80}",
    "hvs.": r"hvs\.[\w-]{20,255}",
    "hvb.": r"hvb\.[\w-]{20,300}",
    "dop_v1_": r"dop_v1_[0-9a-f]{32,80}",
    "npm_": r"npm_[A-Za-z0-9]{30,60}",
    "pypi-": r"pypi-[\w-]{40,400}",
    "dckr_pat_": r"dckr_pat_[\w-]{20,60}",
    "dapi": r"dapi[0-9a-f]{32}(?![0-9a-f])",
    "shpat_": r"shp(?:at|ss|ca|pa)_[0-9a-fA-F]{32}",
    "sk-": r"sk-(?:proj-|ant-|svcacct-|or-)?[A-Za-z0-9_-]{20,255}",
    "hf_": r"hf_[A-Za-z0-9]{30,60}",
    "glsa_": r"glsa_\w{30,80}",
    "pul-": r"pul-[0-9a-f]{40}",
    "sntrys_": r"sntrys_[\w=+/-]{30,300}",
    "NRAK-": r"NRAK-[A-Z0-9]{20,40}",
    "key-": r"key-[0-9a-f]{32}(?![0-9a-f])",
    "AGE-SECRET-KEY-": r"AGE-SECRET-KEY-1[A-Z0-9]{20,80}",
    "EAAC": r"EAAC[A-Za-z0-9]{30,400}",
    "lin_api_": r"lin_api_[A-Za-z0-9]{30,60}",
    "ATATT3": r"ATATT3[\w=-]{30,300}",
    "CCIPAT_": r"CCIPAT_\w{20,100}",
    "rubygems_": r"rubygems_[0-9a-f]{40,60}",
    "tskey-": r"tskey-[\w-]{20,100}",
    "PMAK-": r"PMAK-[0-9a-f-]{40,80}",
    "sq0": r"sq0(?:atp|csp)-[\w-]{20,60}",
    "AAAA": r"AAAA[\w-]{7}:[\w-]{100,200}",
    "LS0tLS1CRUdJTi": r"LS0tLS1CRUdJTi(?:BSU0EgU|BQUklW|BFQyBQ|BPUEVOU1NI|BFTkNS|BEU0Eg|BQR1AgUFJJ)[\w+/=]{1,20000}",
    "/api/webhooks/": r"/api/webhooks/\d{5,25}/[\w-]{20,200}",
    ".webhook.office.com/": r"\.webhook\.office\.com/webhookb?2?/[\w@/-]{40,400}",
    "PuTTY-User-Key-File-": r"PuTTY-User-Key-File-\d:(?:(?!PuTTY-User-Key-File-)[\s\S]){0,40000}?"
    r"(?:Private-(?:MAC|Hash):[ \t]*[0-9a-fA-F]+|\Z)"
    r"|PuTTY-User-Key-File-.*",
    ":AA": r"\d{8,10}:AA[\w-]{30,40}",
    ":thin:": r":thin:[\w.]{1,60}/[^\s@/]{1,100}@",
    # hashes of passwords, which can be guessed offline
    "$apr1$": r"\$apr1\$[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{16,40}",
    **dict.fromkeys(("$2a$", "$2b$", "$2y$"), r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{40,60}"),
    **dict.fromkeys(("$1$", "$5$", "$6$", "$y$"), r"\$[156y]\$[^\s$:]{1,40}\$(?:[^\s$:]{1,40}\$)?[./A-Za-z0-9]{20,90}"),
    "$argon2": r"\$argon2(?:id|i|d)\$[\w$=,+/.-]{20,300}",
    "pbkdf2_sha": r"pbkdf2_sha\d+\$\d+\$[\w+/=$.-]{16,200}",
    "SCRAM-SHA-": r"SCRAM-SHA-\d+\$\d+:[\w+/=$:]{20,300}",
    **dict.fromkeys(
        ("{SSHA", "{SHA", "{MD5", "{SMD5", "{CRYPT", "{PBKDF2"), r"\{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2\S{0,10})\}[\w+/=.$]{8,300}"
    ),
}
_BEFORE: Final = r"(?<![A-Za-z0-9])"
_FORMS: Final = {first: re.compile(form if first[0] in "${h:/." else _BEFORE + form) for first, form in _ISSUED.items()}

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
_SECRET_IN_TEXT = re.compile(r"(?i)(AccountKey|SharedAccessKey|SharedAccessSignature|SharedSecretValue)\s*=\s*([^\s;\"'&]{1,500})")


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the credentials of a text that show by their form."""
    text = reading.text
    for first, form in _FORMS.items():
        if first in text:
            yield from (Span(*found.span()) for found in form.finditer(text))
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
