"""Form of a value: a reference, a placeholder, a plain word or number, or what only chance or a person's secrecy writes."""

from __future__ import annotations

import base64
import binascii
import functools
import math
import re
from collections import Counter
from itertools import pairwise
from typing import Final

# Replaces a credential in what is printed.
SHOWN_AS: Final = "[secret]"

# A reference to a value elsewhere: Kafka's ${provider:path:key}, ${VARIABLE}, $(VARIABLE), templates of Helm, Jinja, Python and Ansible
_REFERENCE: Final = re.compile(
    r"`[^`\n]* [^`\n]*`|\$\{(?![\w.]+:-)(?:[a-z][\w-]*(?<!\.):[^}]*|[^}:]*|[^}:]*:[?+][^}]*|[^}:]*:-?)\}|\$\([^)]*\)|\$\{\{[^}]*\}\}|\{\{.{1,500}?\}\}"  # noqa: E501 - one form
    r"|\$\d+(?!\w)|(?<![\w:]):'?[a-z_]+'?(?!\w)|\$(?:[A-Z_][A-Z0-9_]*|[a-z]+_[a-z_]+|password|passwd|pass|pw|token|secret)(?![\w$])"
    r"|[#%]\{(?:[A-Z][A-Z0-9_]*|[A-Za-z_@$][A-Za-z_]*(?:[.:\[(][\w.:\[\]()'\"/| ,-]*)?)\}|%\{(?:\[@?[\w@.-]+\])+\}"
    r"|%\(\w[^)]*\)s?|%[A-Z_]+%|\[secret\]|\(not shown\)"
    # Grafana's $__file{…}, keys of Argo CD's own Secret ($oidc.name.clientSecret), Ruby's templates
    r"|\$__(?:file|env|vault)\{[^}\n]*\}|\$[a-z]+(?:\.[A-Za-z][A-Za-z-]*)+(?![\w$!.])|<%=(?!\s*(?P<q>['\"])[^'\"]{0,200}(?P=q)\s*%>)[^%\n]{1,300}%>"
)
_ELSEWHERE: Final = re.compile(
    r"(?i)(vault|ref\+\w+|op|sm|gcp|aws|ssm|secretsmanager|awssm|bws|keyvault|akv|doppler|infisical|sops|file|env|kubernetes|k8s|secret)"
    r":(//)?[\w./#:@+-]+|arn:aws[\w-]*:[\w-]+:\S*|projects/[\w-]+/secrets/\S+|ENC\[\S*|!\w+( [\w./-]+)?|ssh-(rsa|ed25519|dss) \S+.*"
    r"|<[A-Za-z][^<>]*>|-----BEGIN (CERTIFICATE|PUBLIC KEY).*|@[\w.-]+@|\*+|[xX]{3,16}|\.\.\.|…|redacted|masked|hidden|removed"
    r"|\{[A-Za-z_][\w.!:\[\]'\"]*\}|%[-+#0-9.]*[a-zA-Z]|\$[a-z]{2,}|aws4-hmac-sha256"
    r"|(?=[\w/-]{1,200}/\*)[\w-]+(?:/[\w*-]+)+|(?:files|compat|sss|systemd|db|nis|ldap)(?: \w+)*|\*\.\w+|#[0-9a-fA-F]{3,8}"
    r"|[~^]\d+(\.[\dx*]+){1,3}[\w. |^~-]{0,60}"
    # placeholders that a deployment replaces, Azure's references, and $secret:key of Keycloak's operator
    r"|__[A-Z][A-Z0-9_]{1,80}__|@@[A-Z][A-Z0-9_]{1,80}@@|#\{[A-Za-z][\w.]{1,80}\}#|@Microsoft\.(KeyVault|AppConfiguration)\([^()]{1,400}\)"
    r"|\$[a-z][a-z0-9-]{1,60}:[A-Za-z][A-Za-z_.-]{1,60}"
    # a login module of Kafka whose options hold no credential
    r"|[\w.]{1,200}LoginModule (required|requisite|sufficient|optional)"
    r"(?: (?!\w*(?:password|secret|key|token))[\w.]{1,60}=(?:\"[^\"\n]{0,200}\"|[^\s;\"]{1,200})){0,12};?"
)
_TYPES: Final = re.compile(
    r"(?i)(string|str|text|varchar|char|character varying|bytea|bytes|blob|secretstr|securestring|int|integer|number|bool|"
    r"boolean|object|array|optional|required|none|null|nil|undefined|default|inherit|read|write|unset|not null|any|env|file|uuid|jsonb?|nvarchar|list|dict|tuple|float|bytearray|obrigat[oó]ri[oa]|opcional|requerid[oa]|obligatori[oa]|erforderlich|requis|obligatoire|optionnel"  # noqa: E501 - one form
    r"|u?int\d{1,3}|float\d\d|id(?=!))(\(\d*\))?(\[\]|\?|!)?[,;]?"
)
_SWITCH: Final = re.compile(r"(?i)true|false|yes|no|on|off|none|null|nil|~|\{\}|\[\]|enabled|disabled")
_PLAIN: Final = re.compile(r"(?i)\d{1,9}(\.\d+)?\s?(ms|[a-z]{0,2})|\d+(ms|[smhd])|-?\d+")
_PATH: Final = re.compile(
    r"(~|\.{1,2})(/[\w.@-]+)+/?|(/[\w.@-]+){2,}/?|[\w-]+(/[\w-]+)*\.(key|pem|crt|cer|p12|jks|txt|json|ya?ml|properties|pub|env|gpg|kdbx)|"
    r"[\w=-]+(/[\w=-]+)+\.[a-z]{2,8}|\$\{?\w+\}?(/[\w.@-]+)+"
)
_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s@?]*")
_LABEL: Final = re.compile(r"[a-z][a-z0-9]*([-.][a-z0-9]+)*")
_SECRETS_NAME: Final = re.compile(
    r"[a-z]+(_[a-z]+)*_(credentials|creds)|"
    r"[a-z]+(-[a-z]+)*-(secrets?|credentials?|creds|tls|certs?|tokens?|roles|auth|passwords?|keys?|config|pull)"
)
_HEX: Final = re.compile(r"[0-9a-fA-F]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_.~-]{20,500}")
_LETTERS_AND_DIGITS: Final = re.compile(r"(?=.*\d)(?=.*[A-Za-z])|(?=.*[A-Za-z])(?=.*[!#%^&*?$€§])", re.DOTALL)
_LEAST_ENTROPY: Final = 3.4
_LEAST_LENGTH: Final = 16
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-")
_LEAST_CHANGES: Final = 0.28
_LONG_HEX: Final = 24


def bare(value: str) -> str:
    """Return a value without quotes and blanks around it."""
    text = value.strip().strip("\\\"'").strip()
    return text if " " in text else text.strip("`")


def is_referred(value: object) -> bool:
    """Return whether a value consists of references only: ``${dir:/secrets:user}:${dir:/secrets:password}`` or ``$(TOKEN)``."""
    text = (value if isinstance(value, str) else "" if value is None else str(value))[:4000]
    at = 0
    while at < len(text):
        found = _REFERENCE.match(text, at)
        if found is None and text[at].isalnum():
            return False  # no need to look at the rest: a value that is none differs from references at its beginning, as a rule
        at = found.end() if found else at + 1
    return True


def is_elsewhere(value: str) -> bool:
    """Return whether a value says where its credential is, or is a placeholder or a type in a schema."""
    return _is_elsewhere(value) if len(value) <= _A_LINE else _is_elsewhere.__wrapped__(value)


_A_LINE: Final = 200


@functools.lru_cache(maxsize=8192)
def _is_elsewhere(value: str) -> bool:
    text = bare(value)
    return is_referred(text) or bool(_ELSEWHERE.fullmatch(text) or _TYPES.fullmatch(text) or _SWITCH.fullmatch(text)) or is_path(text)


def is_path(value: str) -> bool:
    """Return whether a value is the path of a file, or a URL without a login and a query."""
    return bool(_URL.fullmatch(value)) or (bool(_PATH.fullmatch(value)) and not any(map(looks_random, re.split(r"[/.]", value))))


def is_plain(value: str) -> bool:
    """Return whether a value is a number, an amount or a switch."""
    return bool(_PLAIN.fullmatch(value) or _SWITCH.fullmatch(value))


_FUNCTION_WORDS: Final = {
    *("a", "an", "the", "of", "for", "to", "is", "are", "be", "must", "should", "may", "can", "with", "without", "and", "or", "in", "on"),
    *("at", "by", "as", "that", "which", "this", "your", "their", "if", "when", "from", "not", "only"),
    *("der", "die", "das", "ist", "muss", "wird", "sein", "und", "el", "los", "del", "al", "por", "para", "le", "les", "des", "du", "pour"),
    *("par", "est", "doit", "com", "deve", "ser"),
}
_NOUNS: Final = frozenset({"password", "passphrase", "token", "secret", "key", "credential", "credentials"})
_LEAST_WORDS: Final = 3
_TAG: Final = re.compile(r"<[^<>]{0,40}>")


def is_sentence(value: str) -> bool:
    """Return whether a value is a sentence about a credential, as descriptions and messages have it, and not a passphrase."""
    words = {word.strip(".,;:!?()`'\"<>/").removesuffix("'s") for word in _TAG.sub(" ", value.lower()).split()}
    told = len(words & _FUNCTION_WORDS)
    return len(words) >= _LEAST_WORDS and told >= (1 if words & _NOUNS else 2)


def is_switch(value: str) -> bool:
    """Return whether a value is a switch, or nothing."""
    return bool(_SWITCH.fullmatch(value))


def is_object_name(value: str, *, certain: bool) -> bool:
    """Return whether a value is the name of a Kubernetes object; without certainty, only where its last word says so."""
    return bool((_LABEL if certain else _SECRETS_NAME).fullmatch(value)) and not looks_random(value)


def looks_chosen(value: str) -> bool:
    """Return whether a word looks like a credential: letters with digits or signs, but no version, size or name with a number."""
    if len(value) >= _LONG_HEX and _HEX.fullmatch(value) and not value.isdigit():
        return True
    if not _LETTERS_AND_DIGITS.match(value) or re.fullmatch(r"[A-Za-z_-]*?[a-z]v?\d{1,3}|v?\d+([._-]\w+)*|[A-Z]+-?\d+", value):
        return looks_random(value) or bool(re.fullmatch(r"[a-z]{4,}\d{1,3}", value))
    return not is_path(value) and not re.search(r"\s", value)


_MIXED: Final = re.compile(
    r"(?=[^a-z]*+[a-z])(?=[^A-Z]*+[A-Z])\D*+\d++(?=[^\dA-Za-z]*+[A-Za-z])\D++\d.*|(?=.*[A-Za-z])(?=.*\d)(?=.*[!#$^&*?€§]).*", re.DOTALL
)


def is_mixed(word: str) -> bool:
    """Return whether a word mixes small and capital letters with digits between them, or with signs, as no name and no address does."""
    return bool(_MIXED.fullmatch(word)) and not _HEX.fullmatch(word) and not _KIND.fullmatch(word) and not _SYLLABLES.fullmatch(word)


# Shop2Orders3, and no Zq8Xa9
_SYLLABLES: Final = re.compile(r"[a-z]*(?:[A-Z](?:[a-z]{2,}+|[A-Z]*+)\d{0,2}+)++")
_KIND: Final = re.compile(r"[A-Z]?[A-Za-z]*?[Vv]\d+(?:(?:alpha|beta)\d+)?[A-Z][A-Za-z]+")  # V1beta1ServiceCIDRStatus


@functools.lru_cache(maxsize=8192)
def looks_random(value: str) -> bool:
    """Return whether chance wrote a word: long, of mixed classes that change often, and no digest, name of a class or identifier."""
    if not _TOKEN.fullmatch(value) or _HEX.fullmatch(value) or value.startswith(("sha", "arn:", "MII")):
        return False
    if _KIND.fullmatch(value):
        return False
    part = max(re.split(r"[.,=_-]", value), key=len)
    if len(part) < _LEAST_LENGTH or _HEX.fullmatch(part) or _UUID.search(value):
        return False
    kinds = "".join("u" if sign.isupper() else "l" if sign.islower() else "d" if sign.isdigit() else "s" for sign in part)
    if "d" not in kinds or "l" not in kinds or ("u" not in kinds and ("s" in kinds or kinds.count("d") * 6 < len(kinds))):
        return False
    # a capital after a small letter begins a word in camel case
    plain = re.sub(r"(?<=l)u(?=l)", "l", kinds)
    changes = sum(one != other for one, other in pairwise(plain)) / len(part)
    return changes >= _LEAST_CHANGES and entropy(part) >= _LEAST_ENTROPY


def entropy(value: str) -> float:
    """Return the entropy of a text's characters, in bits a character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values()) if value else 0.0


def is_login_in_base64(value: str) -> bool:
    """Return whether a word is ``user:password`` in base64, as ``Basic`` and Docker's ``auth`` have it."""
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return bool(re.fullmatch(r"[\x20-\x7e]+:[\x20-\x7e]+", text))
