"""Credentials below a name: blocks and lists of YAML, objects of JSON and of programs."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import Sense, identifies, opens_credentials, sense, stands_beside
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import bare, is_elsewhere, is_plain, is_referred, is_sentence, looks_chosen, looks_random

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from stack.configs.credentials.reading import Reading

_OPENING = re.compile(
    r"(?:\\?[\"'])?[ \t]*+(?:=>|[:=])?[ \t]*+"
    r"(?:(?:[&!][\w!-]++[ \t]*+)*+([|>][-+\d]{0,3})?[ \t]*+(?:#[^\n]*)?(?=\n)|([\[{])(?![{%]))"
)
_LINE = re.compile(r"\n([ \t]*)((?:-[ \t]+)*)([^\n]*)")
_KEY = re.compile(r"[\"']?([\w./-]+)[\"']?\s*(?:[:=]|:=)(?:\s+|$)(.*)", re.DOTALL)
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*+\"?|'[^']*+'?|[\[\]{}]|[,:=\n]|[^\s\"'\[\]{},:=]++(?:[ \t]++[^\s\"'\[\]{},:=#]++)*+|[ \t\r]++")
_INDENT: Final = 200
_LEAD = re.compile(r"[ \t]*(?:-[ \t]+)*[\"']?")
_BEGINS_MORE = re.compile(r"[|>][-+\d]*|[\[{].*|[\]}],?")
_ALIAS = re.compile(r"\*[A-Za-z_][\w-]*")
_COMMENT = re.compile(r"[ \t]+#.*")
# Names without a meaning of their own: below the name of a credential, their value is one if it looks like one
_KEYS: Final = frozenset({"key", "keys", "default"})
_REGEX = re.compile(r"\\[sSwWdDbn]|[\])][*+?]|\(\?|\.\*|\^|[a-z]-z")


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the credentials below a name, in blocks and in brackets."""
    text, done = reading.text, 0
    for name in reading.names:
        found = _OPENING.match(text, name.end) if name.start >= done and opens_credentials(name.word) else None
        if not found or text[name.start - 1 : name.start] == ":":  # a part of a path such as arn:aws:secretsmanager:[a-z]
            continue
        if found[2]:
            if any(sign in found[0] for sign in ":=") or (found[2] == "{" and not reading.program):
                done = yield from _in_brackets(reading, found.end() - 1, name.word)
        elif ":" in found[0] or found[1]:
            start = text.rfind("\n", 0, name.start) + 1
            lead = text[start : name.start]
            if len(lead) <= _INDENT and _LEAD.fullmatch(lead):
                done = yield from _in_block(text, found.end(), len(lead.rstrip("\"'")), name.word, whole=bool(found[1]))


def below(parent: str, name: str, value: str, start: int, end: int) -> Iterator[Span]:
    """Yield the value below a credential's name, unless it only says who, what or where."""
    sure = verdict(parent, name, value)
    if sure is not None:
        yield Span(start, end, sure=sure)


def verdict(parent: str, name: str, value: str) -> bool | None:
    """Return whether a value below a name is certainly a credential, or None where nothing is to be hidden."""
    return _verdict(parent, name, value) if len(value) <= _A_LINE else _verdict.__wrapped__(parent, name, value)


_A_LINE: Final = 200


# Names whose values stand directly under them
_NO_SECTIONS: Final = {Sense.NONE, Sense.ADDRESS, Sense.PHRASE, Sense.ALONE}


@functools.lru_cache(maxsize=8192)
def _verdict(parent: str, name: str, value: str) -> bool | None:
    if not value or is_referred(value) or value.startswith("&"):
        return None
    kind = sense(parent)
    if name.lower() in _KEYS and kind in {Sense.PASSWORD, Sense.TOKEN} and looks_chosen(value) and not is_elsewhere(value):
        return True
    if (name and stands_beside(name)) or sense(name) is Sense.ABOUT:
        return None
    if name and is_credential(name, value):
        return True
    plain = is_elsewhere(value) or is_plain(value) or is_sentence(value) or bool(_REGEX.search(value))
    return (
        not plain
        and kind not in _NO_SECTIONS
        and not (name and identifies(name))
        and (kind is Sense.PASSWORD or looks_chosen(value))
        and not value.startswith(("#", "//"))
    )


def _in_block(text: str, at: int, indent: int, parent: str, *, whole: bool) -> Generator[Span, None, int]:
    """Yield the values indented further than their key, or listed at its height."""
    first = last = -1
    beside = len(text)  # depth of the last key that only says who, what or where
    while line := _LINE.match(text, at):
        depth, content = len(line[1]), line[3].strip()
        if line[3].strip() or line[2]:
            if depth < indent or (depth == indent and not (line[2] and not whole)):
                break
            if whole:
                first = line.start(1) + depth if first < 0 else first
                last = line.end()
            else:
                pair = _KEY.fullmatch(content)
                value = bare(_COMMENT.sub("", pair[2] if pair else content))
                start = line.start(3) + (pair.start(2) if pair else 0)
                if pair:
                    beside = depth if stands_beside(pair[1]) else len(text)
                continued = not pair and depth > beside and not line[2]
                if not (continued or content.startswith("#") or _BEGINS_MORE.fullmatch(value)):
                    alias = line[2] and _ALIAS.fullmatch(value)
                    yield from () if alias else below(parent, pair[1] if pair else "", value, start, line.end())
        at = line.end()
    if whole and first >= 0 and not is_referred(text[first:last]):
        value = bare(text[first:last])
        plain = is_elsewhere(value) or is_sentence(value)
        yield Span(first, last, sure=not plain and (sense(parent) is not Sense.TOKEN or looks_chosen(value.split()[0])))
    return at


class _Bracket(NamedTuple):
    """An open bracket: the name of its items where it is a list, and whether they only say who, what or where."""

    name: str
    beside: bool


def _in_brackets(reading: Reading, at: int, parent: str) -> Generator[Span, None, int]:
    """Yield what stands between a bracket and the one that closes it."""
    opened: list[_Bracket] = []
    name, pending, chosen = "", None, sense(parent) is Sense.PASSWORD
    for token in _TOKEN.finditer(reading.text, at):
        sign = token[0]
        if sign in "[{":
            beside = bool(opened and opened[-1].beside) or bool(name and stands_beside(name))
            opened.append(_Bracket(name if sign == "[" else "", beside))
            name, pending = opened[-1].name, None
        elif sign in {"]", "}", ","} or (sign == "\n" and pending):
            literal = pending and (not reading.program or (pending[0][0] in "\"'" and (chosen or looks_random(bare(pending[0])))))
            literal = literal and not (pending and pending[0][0] == "*" and pending[0][1:].strip() in reading.anchors)
            if pending and literal and not opened[-1].beside:
                yield from below(parent, name, bare(pending[0]), *pending.span())
            name, pending = opened[-1].name, None
            if sign in {"]", "}"}:
                opened.pop()
                if not opened:
                    return token.end()
        elif sign in ":=":
            name, pending = (bare(pending[0]), None) if pending else (name, None)
        elif sign.strip():
            pending = token
    return len(reading.text)
