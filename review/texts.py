"""Removes credentials from texts: messages, commands, and files of any format in a ConfigMap.

Doubtful values are hidden: a masked port costs a reader one look, a password in a comment costs a rotation.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from configs.secrecy import HIDDEN, is_secret
from policy.credential_rules import is_credential, is_referred, shows_credential, telling_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SHOWN_AS: Final = "[secret]"

_QUOTED: Final = r'"(?:\\.|[^"\\])*(?:"|$)|' + r"'[^']*(?:'|$)"
_VALUE = re.compile(
    r"\$[{(][^})]*[})](?=[\s,;&\"'<]|$)"  # a reference, which ends where a password might go on
    rf"|(?:{re.escape(HIDDEN)}|{re.escape(SHOWN_AS)})(?![\w$])"
    r"|\\\"(?:(?!\\\").)*(?:\\\"|$)"  # a text inside of JSON inside of a text
    rf"|{_QUOTED}"
    r"|\S+"
)
_NAME: Final = r"(?<![\w.-])([\w.-]+)"
_EQUATED = re.compile(_NAME + r"(?:\\?[\"']\s*(?:=>|:=|==?|:)|\s*(?:=>|:=|==?))\s*")
_ASSIGNED = re.compile(_NAME + r"\\?[\"']?\s*(?:=>|:=|==?|:)\s*")
# Separator of two words of a command: in a shell, or in a list of JSON or YAML
_NEXT: Final = r"[\"']?(?:[ \t]*,\s*|[ \t]+(?:\\\n\s*)?|\n\s*-\s+)"
_FLAG = re.compile(r"(?<![\w-])(--?[A-Za-z][\w-]*)" + _NEXT + r"(?=[^\s-])")
_SHORT_FLAG = re.compile(r"(?<![\w-])(?<!mkdir )(-p)" + _NEXT + r"(?![\"']?[-/$])")
_LOGIN = re.compile(rf"(?<![\w-])(-u|-U|--user|--proxy-user)(?:=|{_NEXT})?" + r"(?=[\"']?[^\s:\"'/,]+:)")
_LOGIN_FLAGS: Final = {"-u", "-U", "--user", "--proxy-user"}
_SQL = re.compile(r"(?i)\b(password|identified\s+by)\s+(?=')")
_BEARER = re.compile(r"(?i)\b(bearer)\s+(?=\S*\d)(?=\S{8})")
_SCHEME = re.compile(r"(?i)(apikey|basic|bearer|digest|token)(\s+|$)")
_HEADER = re.compile(
    r"(?i)(\b((?:proxy-)?authorization)\\?[\"']?\s*[:=]\s*\\?[\"']?(?:(?:apikey|basic|bearer|digest|token)\s+)?+)(?!\[secret\])([^\s\"'\\][^\"'\\\n]*)"
)
# Prefix, name and value of: an XML element, a Hadoop property, attributes, a variable in YAML, a header
_PAIRS: Final = (
    re.compile(r"(<([\w.:-]+)(?:\s[^<>]*)?>)([^<>]*)(?=</\2\s*>)"),
    re.compile(r"(<name>\s*([\w.-]+)\s*</name>\s*<value>)([^<>]*)"),
    re.compile(r"(\b(?:name|key)\s*=\s*[\"']([\w.-]+)[\"']\s+value\s*=\s*)(\"[^\"]*\"|'[^']*')"),
    re.compile(r"(\bname:[ \t]*[\"']?([\w.-]+)[\"']?[ \t]*\n\s*value:[ \t]*)(\S.*)"),
    _HEADER,
)
_LINE = re.compile(r"^(\s*(?:-\s+)*)((?:export\s+)?[\"']?)([\w.-]+)([\"']?\s*[=:]\s*)(.*)$")
_BLOCK = re.compile(r"[|>][-+\d]*\s*(#.*)?")
_KEY = re.compile(r"[\s{\[]*(-\s+)?[\"']?[\w.-]+[\"']?\s*(=|:(\s|$))")


def names_a_secret(name: str, value: object) -> bool:
    """Tell whether a value is a credential, judged by its name; a reference to one is not."""
    header = name.lower() in {"authorization", "proxy-authorization"}
    credential = _SCHEME.sub("", value) if header and isinstance(value, str) else value
    return (header or is_secret(name) or is_credential(name, value)) and not is_referred(credential)


def secret_words(words: Sequence[str]) -> Iterator[int]:
    """Yield the positions of credentials among a command's words."""
    yield from (at for at in telling_words(words) if not words[at].startswith("-") or "=" in words[at])
    yield from (at + 1 for at, (word, after) in enumerate(pairwise(words)) if _announces(word, after))


def _announces(word: str, after: str) -> bool:
    """Tell whether a word is a flag whose argument is a credential."""
    if not word.startswith("-") or "=" in word or is_referred(after):
        return False
    if word in _LOGIN_FLAGS:
        return ":" in after
    if word == "-p":
        return not after.startswith(("-", "/"))
    return not after.startswith("-") and is_credential(word.lstrip("-"), after)


def message_without_secrets(text: str) -> str:
    """Mask every credential in a message for people; prose such as ``a Secret: valueFrom`` stays."""
    return "\n".join(_without(line, _EQUATED) for line in _announced(text).split("\n"))


def text_without_secrets(text: str) -> str:
    """Replace every credential in a file or command by ``[secret]``; references stay, they reveal nothing."""
    return SHOWN_AS if "PRIVATE KEY-----" in text else "\n".join(_lines(_announced(text).split("\n")))


def _announced(text: str) -> str:
    """Mask credentials whose name may be on another line."""
    for pair in _PAIRS:
        text = pair.sub(lambda match: f"{match[1]}{SHOWN_AS}" if names_a_secret(match[2], match[3]) else match[0], text)
    for announced in (_LOGIN, _SHORT_FLAG, _BEARER, _SQL):
        text = _masked(text, announced, lambda _name, value: not is_referred(value))
    return _masked(text, _FLAG, names_a_secret)


def _lines(lines: Sequence[str]) -> Iterator[str]:
    """Mask line by line; a secret extends over the lines indented further than its key, and after a backslash."""
    inside, whole, continued = -1, False, False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not re.search(r"[A-Za-z0-9]", line) and not (whole and indent > inside):
            yield line
            continue
        further = indent > inside >= 0 or (indent == inside and line.lstrip().startswith("- "))
        if continued or (further and (whole or not _KEY.match(line))):
            continued = continued and line.endswith("\\")
            yield f"{line[:indent]}{SHOWN_AS}" if line.strip() else line
            continue
        found = _LINE.match(line)
        if not found or not is_secret(found[3]):
            inside = inside if further else -1
            yield _without(line, _ASSIGNED)
            continue
        hidden, opens = not is_referred(found[5]), not is_referred(found[5]) or "$" not in found[5]
        if not further or opens:
            inside, whole = len(found[1]) if opens else -1, bool(_BLOCK.fullmatch(found[5]))
        continued = hidden and line.endswith("\\")
        yield f"{found[1]}{found[2]}{found[3]}{found[4]}{SHOWN_AS}" if hidden and not shows_credential(line) else _without(line, _ASSIGNED)


def _without(line: str, assigned: re.Pattern[str]) -> str:
    return SHOWN_AS if shows_credential(line) else _masked(line, assigned, names_a_secret)


def _masked(text: str, announced: re.Pattern[str], judge: Callable[[str, str], bool]) -> str:
    """Mask each announced value that is judged secret; other values are searched in turn."""
    pieces, at = [], 0
    while found := announced.search(text, at):
        pieces.append(text[at : found.end()])
        at = found.end()
        value = _VALUE.match(text, at)
        bare = value[0].strip("\\\"'") if value else ""
        if value and bare not in {"", SHOWN_AS, HIDDEN} and judge(found[1].lstrip("-"), bare):
            pieces.append(SHOWN_AS)
            at = value.end()
    return "".join((*pieces, text[at:]))
