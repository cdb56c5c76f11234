"""Values under names in a text, line by line: properties, INI, environment files, YAML, JSON, TOML, XML attributes, code, DSNs."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.expressions import continues, in_code, is_code, is_expression
from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.names import Sense, sense
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import bare, is_elsewhere, is_referred, looks_chosen, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Name, Reading

_KINDS: Final = r"(?:[ \t]*+:?[ \t]*+(?:str|String|string|&str|var|let|const|char \*))?"
# What stands between a name and its value
_ASSIGNED = re.compile(r"(?:\\?[\"'])?+\]?+" + _KINDS + r"[ \t]*+(?:=>|:=|\?=|\+=|==?|::?|\uff1a)(?!//|=)[ \t]*+")
# In prose a colon introduces a sentence, unless a quoted name stands before it
_EQUATED = re.compile(r"(?:\\?[\"'][ \t]*+(?:=>|:=|==?|:)|[ \t]*+(?:=>|:=|==?))[ \t]*+")
_VALUE = re.compile(
    r"(?:[rbuNfE](?=[\"']))?(?:"
    r"\\\"(?:(?!\\\")[^\n])*+(?:\\\"|$)"  # a text inside of JSON inside of a text
    r"|\"(?:\\.|[^\"\\])*+(?:\"|$)|'(?:''|[^'])*+(?:'|$)|`[^`\n]*`"
    r"|(?:\[secret\]|[$%#]\{[^}\n]{0,500}\}|\$\([^)\n]*\)|\{\{[^}\n]*\}\}|[^\s\"',;&<>\\)}\]]|[\"'](?=[^\s,;&]))++)",
    re.MULTILINE | re.DOTALL,
)
_PROSE_VALUE = re.compile(
    r"\\\"(?:(?!\\\")[^\n])*+(?:\\\"|$)|\"(?:\\.|[^\"\\\n])*+(?:\"|$)|'[^'\n]*+(?:'|$)|\(not shown\)|\S++", re.MULTILINE
)
_QUERY_VALUE = re.compile(r"(?:\$\{[^}\s]*\}|[^\s&\"'<>])++")
_SAID = re.compile(r":[ \t]+(?=[\"']?[^\s\"'])(\"[^\"\n]*\"|'[^'\n]*'|\S+)")
# What the line after its key and an end of the line say: the value goes to the end of the line, and over continued lines
_LINE = re.compile(r"((?:[^\n\\]|\\(?!\n)|\\\n)*+)")
_STARTS_A_LINE = re.compile(r"[ \t]*+(?:(?:-|\+)[ \t]+)*+(?:export[ \t]+|set[ \t]+|ENV[ \t]+|Environment=|\?[ \t]+)?[\"']?")
_OPENS = re.compile(r"[ \t]*(?:[&!][\w!-]+[ \t]*)*(?:[|>][-+\d]*)?[ \t]*(?:(?<![^ \t\n])#[^\n]*)?(?=\n|\Z)|[\[{(]")
_TEMPLATE = re.compile(r"[\"']?\{\{[^\n]{0,500}?\}\}[\"']?(?=[\s,;]|$)")
_ANCHORED = re.compile(r"(?<=: )&[\w-]+[ \t]+(?=\S)")
_ALIAS = re.compile(r"\*([\w-]+)")
_OPENS_A_TEMPLATE: Final = frozenset("{\"'")
_WORD = re.compile(r"[^\s\"'<>]++")
_COMMENT = re.compile(r"(?<![ \t])[ \t]+(?:#|//|;|--)[ \t].*$", re.DOTALL)
_BLANK = re.compile(r"[ \t]++([^\s=:{}\[\]<>#]\S*+|\"[^\"\n]+\"|'[^'\n]+')[ \t]*;?[ \t]*$", re.MULTILINE)
_BEGINS_A_LINE = re.compile(r"[ \t]*+(?=\n|\Z)")  # backwards
_LONG: Final = re.compile(r"(?<=[\s=:>\"'])[A-Za-z0-9+/_-]{24,500}+={0,2}+(?=[\"']?\s*(?:[,;}\]#]|\n|\Z|&))")
_TAKES = re.compile(r"[\"']?[ \t]*+(?:>=|=:|=\?|=\+|==?|::?)(?:[ \t]*+(?:rts|gnirts|gnirtS|rav|tel|tsnoc)\b[ \t]*+:?)?[ \t]*+\]?[\"']?\\?")
_TAKEN = re.compile(r"[\w.-]{3,200}+")


def spans(reading: Reading, *, prose: bool = False) -> Iterator[Span]:
    """Yield the values under the names of credentials, with an equals sign, a colon or an arrow between them.

    Args:
        reading: A file, a command, a value.
        prose: Whether the text is a message, in which a value is one word and a colon introduces a sentence.
    """
    text, pattern, done = reading.text, _EQUATED if prose else _ASSIGNED, 0
    referring = "${" in text
    for name in reading.names:
        if (sign := text[name.end : name.end + 1]) in _BLANKS:
            yield from _separated_by_blanks(reading, name, prose=prose)
        elif sign == ":" if prose else sign in _CALLING:
            yield from _said(text, name) if prose else in_code(reading, name)
        if name.end < done or not (behind := pattern.match(text, name.end)):
            continue
        at = behind.end()
        if (
            at < done
            or _NESTED.match(text, at)
            or (referring and _is_in_reference(text, name.start))
            or _only_asks(text, name.start, name.end, at)
        ):
            continue
        span = _of_prose(text, at, name.word) if prose else _of_file(reading, name, at)
        if span:
            done = span.end
            yield span
    if not prose:
        yield from _by_chance(reading)


_BLANKS: Final = frozenset(" \t")
_CALLING: Final = frozenset("(\"'")
# A path of names, such as ``key:key:``, has no value at its beginning
_NESTED = re.compile(r"[\w.-]{1,40}+:[\w.-]{1,40}+:(?=[\w.-])")
_LONGEST_NAME: Final = 200


def _said(text: str, name: Name) -> Iterator[Span]:
    found = _SAID.match(text, name.end)
    if found:
        value = bare(found[1].rstrip(".,;"))
        if is_credential(name.word, value) and looks_chosen(value):
            yield Span(*found.span(1))


def _by_chance(reading: Reading) -> Iterator[Span]:
    """Yield the values that only chance writes, whatever name stands before them."""
    for found in _LONG.finditer(reading.text):
        taken = _TAKES.match(reading.backwards, len(reading.text) - found.start())
        name = _TAKEN.match(reading.backwards, taken.end()) if taken else None
        if name and looks_random(found[0]) and is_credential(name[0][::-1], found[0]):
            yield Span(*found.span())


_PROVIDER = re.compile(r"\$\{[a-z][\w-]*:[^}\s]*$")


def _is_in_reference(text: str, at: int) -> bool:
    """Return whether a position is inside of a reference such as ``${dir:/mnt/secrets:password}``."""
    begin = text.rfind("${", max(at - _LONGEST_NAME, 0), at)
    return begin >= 0 and bool(_PROVIDER.match(text[begin:at]))


_OPEN_QUOTE = re.compile(r"(?<![\w\"'])([\"'])[\w ,.!-]*$")
_PSQL_VARIABLE = re.compile(r"[ \t]+:'\w+'")


_A_QUESTION: Final = 60


def _only_asks(text: str, begin: int, end: int, at: int) -> bool:
    """Return whether a name ends a quoted text, as in ``"Password: "``, or a variable of psql stands behind it."""
    if _PSQL_VARIABLE.match(text, end) or (text[begin - 2 : begin] == "${" and text[end : end + 2] in {":?", ":+"}):
        return True
    if text[at : at + 1] not in {'"', "'"} or text[end : end + 1] == text[at : at + 1]:
        return False
    opened = _OPEN_QUOTE.search(text[max(begin - _A_QUESTION, text.rfind("\n", max(begin - _A_QUESTION, 0), begin) + 1, 0) : begin])
    return bool(opened) and opened[1] == text[at]  # type: ignore[index]


def _of_prose(text: str, at: int, name: str) -> Span | None:
    value = (_QUERY_VALUE if text[max(at - len(name) - 2, 0) : at].startswith(("?", "&")) else _PROSE_VALUE).match(text, at)
    if value is None or value[0] == "(not shown)" or not may_be_credential(name, bare(value[0])):
        return None
    return Span(*value.span(), sure=is_credential(name, value[0]))


def _of_file(reading: Reading, named: Name, at: int) -> Span | None:
    """Return the value behind a name: what is quoted, one word inside of a line, the rest of a line behind its key."""
    text, begin, name = reading.text, named.start, named.word
    if text[begin - 2 : begin] == "::" or (text[begin - 1 : begin] == ":" and sense(name) is not Sense.PASSWORD and text[at - 1] == ":"):
        return None  # the name of a type such as AWS::ApiGateway::ApiKey, a part of a path such as arn:aws:secretsmanager:a:1:secret:b
    anchor = _ANCHORED.match(text, at)
    at = anchor.end() if anchor else at
    if at >= len(text) or _OPENS.match(text, at):
        return None  # the reader of structures takes it
    alias = _ALIAS.match(text, at) if text[at] == "*" else None
    if (alias and alias[1] in reading.anchors) or (text[at] in _OPENS_A_TEMPLATE and _TEMPLATE.match(text, at)):
        return None
    value = _VALUE.match(text, at)
    whole = _line_of(text, begin, at)
    if whole is not None and (value is None or text[at] not in "\"'`\\"):
        end = _LINE.match(text, at)
        given = end[1] if end else ""
        plain, hidden, certain = (_of_line if len(given) <= _A_LINE else _of_line.__wrapped__)(name, given, equated=text[at - 1] == "=")
        stop = at + len(given.rstrip())
    elif value is not None and value[0].strip("\"'`"):
        plain, stop = bare(value[0]), value.end()
        hidden, certain = _of_value(name, plain, equated=text[at - 1] == "=")
    else:
        return None
    if not (hidden or certain):
        return None
    if whole is not None and text[at] in "\"'" and value is not None and text[stop : stop + 1].strip(",;\n \t})]#") != "":
        stop = at + len((_LINE.match(text, at) or [""])[0].rstrip())
    sentence = whole is None and (
        plain.lower() == name.rpartition(".")[2].lower() or continues(text, at, stop, name.rpartition(".")[2], plain)
    )
    if whole is None and text[at] not in "\"'`\\":  # no rest of a word is shown; only here, since it may be as long as the text
        stop = (_WORD.match(text, at) or value).end()  # type: ignore[union-attr]
    return Span(at, stop, sure=certain and not sentence and not is_expression(reading, name, at, plain))


_A_LINE: Final = 200


@functools.lru_cache(maxsize=8192)
def _of_line(name: str, given: str, *, equated: bool) -> tuple[str, bool, bool]:
    """Return the value in the rest of a line, whether to hide it, and whether it is certainly a credential."""
    plain = bare(_COMMENT.sub("", given))
    plain = plain[:-1] if plain.endswith((",", ";")) and is_elsewhere(plain[:-1]) else plain
    return plain, *_of_value(name, plain, equated=equated)


def _of_value(name: str, plain: str, *, equated: bool) -> tuple[bool, bool]:
    hidden = may_be_credential(name, plain) or (sense(name) is Sense.LOGIN and not is_referred(plain))
    first = plain.split(None, 1)[0] if plain and equated and name.isupper() else plain  # VARIABLE=value command
    certain = is_credential(name, plain) or (not is_elsewhere(plain) and is_credential(name, first))
    return hidden, certain and not is_code(plain)


_INDENT: Final = 200


def _line_of(text: str, begin: int, at: int) -> str | None:
    """Return the beginning of the line where nothing but a key stands before the value, otherwise None."""
    start = text.rfind("\n", max(begin - _INDENT, 0), begin) + 1
    if start == 0 and begin > _INDENT:
        return None
    head = _STARTS_A_LINE.match(text, start)
    return text[start:at] if head and head.end() >= begin else None


def _separated_by_blanks(reading: Reading, name: Name, *, prose: bool = False) -> Iterator[Span]:
    """Yield the value of a line with a key, blanks and one word, as properties, redis.conf and nginx have them."""
    found = _BLANK.match(reading.text, name.end)
    if not found or reading.before(_BEGINS_A_LINE, name.start) is None:
        return
    value = bare(found[1].rstrip(";"))
    if is_elsewhere(value) or not value or value.endswith((",", "(", ":")) or value in {"is", "as", "for", "of", "and", "required"}:
        return
    structured = any(sign in name.word for sign in "._-") or found[1][0] in "\"'" or name.word.lower() in {"requirepass", "masterauth"}
    telling = any(not sign.isalpha() for sign in value)
    sure = is_credential(name.word, value) and (structured or telling)
    if sure or (not prose and may_be_credential(name.word, value) and not is_referred(value)):
        yield Span(*found.span(1), sure=sure)
