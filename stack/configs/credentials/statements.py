"""Credentials in statements of many languages: shells, Dockerfiles, SQL, Terraform, PowerShell, HAProxy, Redis, SNMP, keys in JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import Sense, sense
from stack.configs.credentials.spans import Span
from stack.configs.credentials.structures import below
from stack.configs.credentials.values import bare, is_elsewhere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

_QUOTED: Final = r"\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'"
_VALUE: Final = rf"(?P<value>{_QUOTED}|[^\s\"'`(){{}}\[\],;|<>]{{1,500}})"
_TEXT: Final = rf"(?P<value>{_QUOTED})"
_NAMED: Final = r"(?P<name>[\w.-]{2,100})"


class _Statement(NamedTuple):
    """One form: a word that every text of it has, in lower case, and the place of the value, and of a name that must be a credential's."""

    needle: str
    form: re.Pattern[str]


def _statement(needle: str, form: str) -> _Statement:
    return _Statement(needle, re.compile(form))


_STATEMENTS: Final = (
    _statement("env", rf"(?m)^[ \t]*(?i:ENV|ARG|setenv)[ \t]+{_NAMED}[ \t]+{_VALUE}[ \t]*\\?$"),
    _statement("set", rf"(?m)(?:^|[;&])[ \t]*\\?set(?:[ \t]+-[\w-]{{1,20}})*[ \t]+{_NAMED}[ \t]+{_VALUE}[ \t]*(?=$|;)"),
    _statement("<<<", rf"\bread(?:[ \t]+-\w{{1,10}})*[ \t]+{_NAMED}[ \t]*<<<[ \t]*{_VALUE}"),
    _statement("&", rf"(?<=[:-] )&{_NAMED}[ \t]+(?:!!?str[ \t]+)?(?![*&!|>]){_VALUE}"),
    _statement("variable", rf"\bvariable[ \t]+\"?{_NAMED}\"?[ \t]*\{{[^{{}}]{{0,2000}}?\bdefault[ \t]*=[ \t]*{_TEXT}"),
    # statements of SQL, over lines and of MySQL
    _statement(
        "password",
        r"(?i)\bpassword(?:[ \t]{0,40}\n\s{0,40}|[ \t]{1,40}U&)(?:U&|N|E)?(?P<value>'(?:''|[^'\n])+')"
        r"(?=\s*(?:[;)]|\Z|(?i:uescape|valid|login|in|createdb|superuser|connection)\b))",
    ),
    _statement(
        "password",
        rf"(?i)\bset\s{{1,40}}password(?:\s{{1,40}}for\s{{1,40}}\S{{1,200}})?\s{{0,40}}=\s{{0,40}}(?:password\s{{0,10}}\()?{_TEXT}",
    ),
    _statement("identified", r"(?i)\bidentified by[ \t]{0,40}\n\s{0,40}(?P<value>'(?:''|[^'\n])+')"),
    _statement("auth", rf"(?:(?:\b|_)auth[ \t]*[=:][ \t]*|(?:Basic|Digest|Proxy)Auth)[(\[][ \t]*(?:{_QUOTED})[ \t]*,[ \t]*{_TEXT}"),
    _statement("convertto-securestring", rf"(?i)\bconvertto-securestring[ \t]+(?:-(?:string|asplaintext|force)[ \t]+){{0,4}}{_TEXT}"),
    _statement("stats", rf"(?m)^[ \t]*stats[ \t]+auth[ \t]+[^\s:]{{1,64}}:{_VALUE}"),
    _statement("password", rf"(?m)^[ \t]*user[ \t]+\S{{1,64}}[ \t]+(?:insecure-)?password[ \t]+{_VALUE}"),
    _statement("masterauth", rf"(?m)^[ \t]*masterauth[ \t]+{_VALUE}[ \t]*$"),
    _statement("createuser", rf"(?m)^[ \t]*createUser[ \t]+\S{{1,64}}[ \t]+(?:SHA|MD5)[\d-]{{0,4}}[ \t]+{_VALUE}"),
    _statement("<<<", rf"(?:\bsudo[ \t]+(?:-\w+[ \t]+){{0,5}}-\w{{0,10}}S\b|--password-stdin)[^|;<\n]{{0,200}}<<<[ \t]*{_VALUE}"),
    _statement("requirepass", rf"(?i)\bconfig[ \t]+set[ \t]+requirepass[ \t]+{_VALUE}"),
    _statement("sentinel-pass", rf"(?m)^[ \t]*sentinel[ \t]+sentinel-pass[ \t]+{_VALUE}"),
    _statement("com2sec", rf"(?m)^[ \t]*com2sec6?[ \t]+\S{{1,64}}[ \t]+\S{{1,64}}[ \t]+(?!public\b){_VALUE}"),
    _statement("snmp-server", rf"(?m)^[ \t]*snmp-server[ \t]+community[ \t]+(?!public\b){_VALUE}"),
    _statement("auth-pass", rf"(?m)^[ \t]*sentinel[ \t]+auth-pass[ \t]+\S{{1,100}}[ \t]+{_VALUE}"),
    _statement(
        "user",
        rf"(?m)(?:^[ \t]*user|\b(?i:acl[ \t]+setuser))[ \t]+\S{{1,100}}"
        rf"(?:[ \t]+(?:on|off|reset\w{{0,10}}|[~+&%@-]\S{{1,100}})){{1,20}}[ \t]+>{_VALUE}",
    ),
    _statement("community", rf"(?m)^[ \t]*(?:ro|rw)community6?[ \t]+(?!public\b){_VALUE}"),
)
_ESCAPED: Final = r"\\u00[2-7][0-9a-fA-F]"
_ESCAPE = re.compile(_ESCAPED)
_BEFORE_AN_ESCAPE = re.compile(r"[\w.-]{0,100}")
_ESCAPED_NAME = re.compile(rf"((?:[\w.-]|{_ESCAPED}){{1,200}}+)\"?[ \t]*[:=][ \t]*{_VALUE}")
_PIPE = re.compile(
    r"\|[^|\n]{0,200}?(?:\bsudo[ \t]+(?:-\w+[ \t]+){0,5}(?:-\w{0,10}S\b|--stdin)"
    r"|--password-stdin|--passphrase-fd[ =]0|\bpasswd[ \t]+--stdin)"
)
_SAYS = re.compile(r"[ \t]*(?:(?:sudo|if|then|do|\()[ \t]+)?(?:echo|printf|cat[ \t]+<<<)[ \t]+(.*)")
_SHELL_WORD = re.compile(rf"{_QUOTED}|[^\s\"']+")
_KIND_OF_KEY = re.compile(r"\"kty\"\s{0,20}:\s{0,20}\"(oct|RSA|EC|OKP)\"")
_PART_OF_A_KEY = re.compile(r"\"(k|d)\"\s{0,20}:\s{0,20}\"([^\"\n]{1,4000})\"")
_SECTION = re.compile(r"(?m)^[ \t]*\[([\w. -]{2,100})\][ \t]*$")
_ENTRY = re.compile(r"(?m)^[ \t]*([\w.-]{1,100})[ \t]*[=:][ \t]*(\S[^\n]{0,500})$")
_BACK: Final = 500
_LONGEST_KEY: Final = 4000


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the credentials of statements."""
    text, lowered = reading.text, reading.lowered
    for needle, form in _STATEMENTS:
        if needle in lowered:
            for found in form.finditer(text):
                value, name = found["value"], found.groupdict().get("name")
                if _is_literal(value) and (name is None or is_credential(name, bare(value))):
                    yield Span(*found.span("value"))
    if "\\u00" in text:
        yield from _under_escaped_names(reading)
    if "sudo" in lowered or "stdin" in lowered or "passphrase-fd" in lowered:
        yield from _piped(text)
    if '"kty"' in text:
        yield from _in_keys(text)
    if "[" in text and "]" in text:
        yield from _in_sections(text)


def _is_literal(value: str) -> bool:
    plain = bare(value)
    return len(plain) > 1 and plain[0] not in "$-%@(" and not is_elsewhere(plain)


def _under_escaped_names(reading: Reading) -> Iterator[Span]:
    """Yield values whose name is written with escapes of its letters."""
    done = 0
    for escape in _ESCAPE.finditer(reading.text):
        if escape.start() < done:
            continue
        head = reading.before(_BEFORE_AN_ESCAPE, escape.start()) or ""
        found = _ESCAPED_NAME.match(reading.text, escape.start() - len(head))
        if found:
            done = found.end(1)
            name = _ESCAPE.sub(lambda sign: chr(int(sign[0][-4:], 16)), found[1])
            if _is_literal(found["value"]) and is_credential(name, bare(found["value"])):
                yield Span(*found.span("value"))


def _piped(text: str) -> Iterator[Span]:
    """Yield what a shell writes into a program that reads a password."""
    for pipe in _PIPE.finditer(text):
        least = max(pipe.start() - _BACK, 0)
        begin = max(least, *(text.rfind(sign, least, pipe.start()) + 1 for sign in "\n|;&"))
        begin = begin if text[begin - 1 : begin] != "&" or text[begin - 2 : begin] == "&&" else text.rfind("\n", least, begin) + 1 or least
        said = _SAYS.match(text, begin, pipe.start())
        words = list(_SHELL_WORD.finditer(text, said.start(1), pipe.start())) if said else []
        if words and _is_literal(words[-1][0]):
            yield Span(*words[-1].span())


def _in_keys(text: str) -> Iterator[Span]:
    """Yield the secret parts of keys in JSON: ``k`` of a symmetric one, ``d`` of a private one."""
    for kind in _KIND_OF_KEY.finditer(text):
        begin = text.rfind("{", max(kind.start() - _LONGEST_KEY, 0), kind.start())
        end = text.find("}", kind.end(), kind.end() + _LONGEST_KEY)
        for part in _PART_OF_A_KEY.finditer(text, begin, end) if begin >= 0 and end >= 0 else ():
            if (part[1] == "k") == (kind[1] == "oct") and _is_literal(part[2]):
                yield Span(*part.span(2))


def _in_sections(text: str) -> Iterator[Span]:
    """Yield the values of a section with the name of a credential, in a file of sections."""
    sections = list(_SECTION.finditer(text))
    for section, behind in zip(sections, [*(found.start() for found in sections[1:]), len(text)], strict=False):
        if sense(section[1]) in {Sense.PASSWORD, Sense.TOKEN}:
            for entry in _ENTRY.finditer(text, section.end(), behind):
                yield from below(section[1], entry[1], bare(entry[2]), *entry.span(2))
