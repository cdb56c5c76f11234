"""Judgement of one value under one name."""

from __future__ import annotations

import functools
import re

from stack.configs.credentials.captions import is_caption
from stack.configs.credentials.names import Sense, identifies, may_be_secret, sense, words
from stack.configs.credentials.public import is_example
from stack.configs.credentials.values import (
    bare,
    is_elsewhere,
    is_login_in_base64,
    is_object_name,
    is_path,
    is_plain,
    is_referred,
    is_sentence,
    is_switch,
    looks_chosen,
    looks_random,
)

_SCHEME = re.compile(r"(?i)(apikey|basic|bearer|digest|token|negotiate|splunk|genie ?key|own)\s+")
_JAAS_OPTION = re.compile(r"(\w+)\s*=\s*[\"']?([^\"';\s]*)")
_LOGIN = re.compile(r"[A-Za-z][\w.@-]*:(?!//)(?!\d[\d.]*$)(?!\w+:)[^\s:/]{3,}")
_SHORTEST_TOKEN = 2
_WORDS_OF_A_TOKEN = 2
# A secret that is a value, and a name as Kubernetes objects have it
_QUALIFIED = re.compile(
    r"(?i)(client|shared|app|jwt|cookie|session|hmac|api|auth|consumer|webhook|user|oauth|signing|token|csrf)[._-]?secrets?$"
)
# Airflow reads such a variable as the name of an entry in its store of secrets, or as one of Kubernetes: airflow-secrets=connection
_OF_AIRFLOW = re.compile(r"AIRFLOW__\w+__\w+_SECRET|AIRFLOW__KUBERNETES_SECRETS__\w+")
_NAMES = re.compile(r"[a-z][a-z0-9]*(?:[-_./=][a-z0-9]+)*")
# prod/database/main
_IN_A_STORE = re.compile(r"[a-z][a-z0-9_-]*(?:/[a-z0-9][a-z0-9_.-]*)+")
_ADDRESS = re.compile(r"https?://[^\s@]+")
# Oracle's user/password@host, or no address at all
_IN_AN_ADDRESS = re.compile(r"[\w.]+/[^\s/@:]{3,}@\S+|[^\s:/=@;,?]+")
# A phrase of BIP 39 has 12 to 24 words of 3 to 8 letters
_PHRASE = re.compile(r"[a-z]{3,8}(?: [a-z]{3,8}){11,23}")
_TWO_WORDS = re.compile(r"[a-z]+(-[a-z]+)+")
_DEFAULT = re.compile(r"\$\{(?:env:)?[A-Za-z_][\w.]*:-?(?![?+])([^}]+)\}")


def is_credential(name: str, value: object) -> bool:
    """Return whether a value under a name is certainly a credential in plain text."""
    if isinstance(value, bool) or value is None:
        return False
    text = str(value)
    if sense(name) in {Sense.NONE, Sense.ABOUT} and not isinstance(value, str):
        return False
    return _is_credential(name, text) if len(text) <= _A_LINE else _is_credential.__wrapped__(name, text)


# Texts repeat their values, and a judgement costs more than to remember it
_A_LINE = 200


@functools.lru_cache(maxsize=8192)
def _is_credential(name: str, value: str) -> bool:  # noqa: PLR0911, PLR0912, C901 - one line for each sense
    kind, text = sense(name), bare(value)
    if kind in {Sense.NONE, Sense.ABOUT}:
        return kind is Sense.NONE and not identifies(name) and looks_random(text)
    default = _DEFAULT.fullmatch(text)
    if default and (":-" in text or not text[2:3].islower() or "." in text.partition(":")[0]):
        text = default[1]
    if kind is Sense.PHRASE:
        return bool(_PHRASE.fullmatch(text)) or looks_random(text)
    if _OF_AIRFLOW.fullmatch(name) and not _QUALIFIED.search(name):
        return looks_random(text) or (looks_chosen(text) and not _NAMES.fullmatch(text))
    if not text or is_example(text) or is_elsewhere(text) or is_label(name, text) or is_sentence(text) or _repeats(name, text):
        return False
    if kind is Sense.PASSWORD:
        return not is_caption(name, text) and not (name.lower() in {"pwd", "oldpwd"} and text.startswith("/"))
    if text.lower() in {"password", "secret"}:  # the name of an entry, or a type
        return False
    if kind is Sense.HEADER:
        return is_credential_of_header(text)
    if kind is Sense.JAAS:
        return not jaas_refers(text)
    if kind is Sense.LOGIN:
        return not is_referred(text.partition(":")[2] or text)
    if kind is Sense.OBJECT:
        return not is_object_name(text, certain=True) and not (_IN_A_STORE.fullmatch(text) and not any(map(looks_random, text.split("/"))))
    if kind is Sense.ADDRESS:
        return looks_random(text) or (bool(_IN_AN_ADDRESS.fullmatch(text)) and not is_plain(text) and looks_chosen(text))
    if kind is Sense.ALONE:  # with a colon, it is a scope, an address or a type
        return ":" not in text and not is_plain(text) and looks_chosen(text)
    if kind is Sense.EITHER:
        if _ADDRESS.fullmatch(text):  # the detector judges what is in it
            return False
        if name.lower().rstrip("0123456789") in _BARE_KEY:
            return looks_random(text)
        return not is_plain(text) and (looks_chosen(text) or is_login_in_base64(text) or bool(_LOGIN.fullmatch(text)))
    if len(text) < _SHORTEST_TOKEN or len(text.split()) > _WORDS_OF_A_TOKEN:
        return False
    named = "secret" in name.lower()[-7:] and not _QUALIFIED.search(name) and bool(_TWO_WORDS.fullmatch(text))
    return not named and not is_plain(text) and not is_object_name(text, certain=False)


def may_be_credential(name: str, value: object) -> bool:
    """Return whether a value under a name has to be hidden: in doubt True, but a reference reveals nothing."""
    short = isinstance(value, str) and len(value) <= _A_LINE
    return _may_be_credential(name, value) if short else _may_be_credential.__wrapped__(name, value)


@functools.lru_cache(maxsize=8192)
def _may_be_credential(name: str, value: object) -> bool:
    if is_credential(name, value):
        return True
    if _says_nothing(name, value):
        return False
    if sense(name) is Sense.HEADER:
        return not is_referred(_SCHEME.sub("", f"{value} "))
    return (may_be_secret(name) or sense(name) in _DOUBTFUL) and not is_referred(value) and not isinstance(value, bool)


def _says_nothing(name: str, value: object) -> bool:
    """Return whether a value is a switch, or an amount or a path under a name that only concerns a credential."""
    text = bare(str(value))
    return is_switch(text) or (sense(name) is Sense.ABOUT and (is_plain(text) or is_path(text)))


def is_label(name: str, text: str) -> bool:
    """Return whether a value is what a form shows beside a field: ``Confirm password``, or ``Token`` for ``token``."""
    if not _LABEL.fullmatch(text):
        return False
    parts, named = text.lower().rstrip("?:.!").split(), words(name)
    alone = len(named) == 1 and sense(name) is Sense.PASSWORD  # the password may be the word itself
    return not alone and parts[-1] in named if len(parts) == 1 else any(part in _NOUNS for part in parts)


def _repeats(name: str, text: str) -> bool:
    """Return whether a value is its name again, as constants of programs have it; one word, such as ``password``, is a credential."""
    if len(text) > _A_NAME or len(words(name)) < _MORE_WORDS:
        return False
    said, named = _SIGNS.sub("", text).lower(), _SIGNS.sub("", name).lower()
    return said == named or (len(said) >= _A_WORD and named.startswith(said)) or (text.isalpha() and said.endswith(named))


_A_NAME, _MORE_WORDS, _A_WORD = 100, 2, 8
_SIGNS = re.compile(r"[ ._-]")


_LABEL = re.compile(r"[A-Z][A-Za-z]{0,30}(?: [A-Za-z]{1,30}){0,8}[?:.!]?")
_NOUNS = frozenset({"password", "passphrase", "token", "secret", "key", "credentials"})
# A name that says nothing: of a pair, a metric, a panel, an object in a bucket
_BARE_KEY = frozenset({"key", "keys"})
_DOUBTFUL = {Sense.TOKEN, Sense.PASSWORD, Sense.LOGIN, Sense.JAAS}


def is_credential_of_header(text: str) -> bool:
    """Return whether the value of an authorization header contains a credential behind its scheme."""
    parts = text.split(None, 1)
    rest = parts[-1] if parts else ""
    return bool(rest) and not is_elsewhere(rest) and (len(parts) > 1 or any(map(str.isdigit, rest)) or is_login_in_base64(rest))


def jaas_refers(text: str) -> bool:
    """Return whether every credential in the text of a login module is a reference."""
    options = _JAAS_OPTION.findall(text)
    return is_referred(text) or (bool(options) and all(is_referred(value) or not _is_option(option) for option, value in options))


def _is_option(name: str) -> bool:
    return sense(name) not in {Sense.NONE, Sense.ABOUT}
