"""Credentials below a name: blocks and lists of YAML, objects of JSON, elements of XML, pairs of a name and a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from configs.credentials.judging import is_credential, may_be_credential
from configs.credentials.names import Sense, identifies, opens_credentials, sense, stands_beside
from configs.credentials.spans import Span
from configs.credentials.values import bare, is_elsewhere, is_plain, is_referred, looks_chosen

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_OPENING = re.compile(
    r"(?m)(?<![\w.-])([\w.-]{2,120})(?:\\?[\"'])?[ \t]*+(?:=>|[:=])?[ \t]*+"
    r"(?:(?:[&!][\w!-]++[ \t]*+)*+([|>][-+\d]{0,3})?[ \t]*+(?:#[^\n]*)?(?=\n)|([\[{])(?![{%]))"
)
_LINE = re.compile(r"\n([ \t]*)((?:-[ \t]+)*)([^\n]*)")
_KEY = re.compile(r"[\"']?([\w./-]+)[\"']?\s*(?:[:=]|:=)(?:\s+|$)(.*)", re.DOTALL)
_TOKEN = re.compile(r"\"(?:\\.|[^\"\\])*+\"?|'[^']*+'?|[\[\]{}]|[,:=\n]|[^\s\"'\[\]{},:=]++(?:[ \t]++[^\s\"'\[\]{},:=#]++)*+|[ \t\r]++")
_ELEMENT = re.compile(r"<([\w.:-]{2,80})(?:\s[^<>]{0,500})?(?<!/)>([^<>]{0,4000})(?=</)")
_KEYED_ELEMENT = re.compile(
    r"<\w+\s[^<>]{0,200}?\b(?:name|key|id)\s*=\s*[\"']([\w.-]+)[\"'][^<>]{0,200}?(?<!/)>\s*(?:<value>)?([^<>]{1,4000})(?=</)"
)
_CDATA = re.compile(r"<([\w.:-]{2,80})(?:\s[^<>]{0,500})?>\s*<!\[CDATA\[((?:(?!\]\]>).){1,4000})", re.DOTALL)
_PARENT = re.compile(r"<([\w.:-]{2,80})(?:\s[^<>]{0,500})?(?<!/)>\s*(?=<[a-zA-Z])")
_PROPERTY = re.compile(r"<name>\s*([\w.-]{1,200})\s*</name>\s*(?:<\w+>[^<>]{0,200}</\w+>\s*)?<(value|string)>([^<>]{0,4000})")
_PLIST = re.compile(r"<key>\s*([\w.-]{1,200})\s*</key>\s*<(string|data)>([^<>]{0,4000})")
_ATTRIBUTES = re.compile(r"\b(?:name|key|id)\s*=\s*[\"']([\w.-]{1,200})[\"'][^<>\n]{0,200}?\bvalue\s*=\s*(\"[^\"]*\"|'[^']*')")
_REVERSED_ATTRIBUTES = re.compile(
    r"\bvalue\s*=\s*(\"[^\"]{1,500}\"|'[^']{1,500}')[^<>\n\"']{0,100}\b(?:name|key|id)\s*=\s*[\"']([\w.-]{1,200})[\"']"
)
_NAMES: Final = r"(?i:name|key|parameter_?key|parameter_?name|variable|env|option_?name|header)"
_VALUES: Final = r"(?i:value|val|parameter_?value|option_?value|content|string_?value)"
_SUSPICIOUS: Final = r"[\w.-]{0,200}?(?i:pas|pw|ps[wk]|secret|token|key|cred|auth|jaas|info|salt|seed|cookie|sas|pat|pin|senha|wort|wacht)"
_GAP: Final = r"(?:(?!\n[ \t]*-[ \t])[^{}\[\]<>]){0,200}?"
_PAIR = re.compile(
    rf"(?<![\w.-]){_NAMES}\\?[\"']?\s*[:=]\s*\\?[\"']?(?={_SUSPICIOUS})([\w.-]{{2,200}})\\?[\"']?(?=[\s,]){_GAP}[\s,\"'\\]{_VALUES}\\?[\"']?[ \t]*[:=][ \t]*"  # noqa: E501 - one form
    r"(?!\[secret\])(\\?\"(?:\\.|[^\"\\])*+\\?\"|'[^']*+'|[^\n,}\s][^\n}]*)"
)
_REVERSED = re.compile(
    rf"(?<![\w.-]){_VALUES}\\?[\"']?[ \t]*[:=][ \t]*(\\?\"[^\"\n]{{1,500}}\"|'[^'\n]{{1,500}}'|[^\s,}}\"'][^\n,}}]{{0,500}})(?:(?!\n[ \t]*-[ \t])[^{{}}\[\]<>]){{0,60}}?[\s,\"'\\]{_NAMES}\\?[\"']?\s*[:=]\s*"  # noqa: E501 - one form
    r"\\?[\"']?([\w.-]{2,200})"
)


def spans(text: str) -> Iterator[Span]:
    """Yield the credentials below a name, in any structure."""
    yield from _opened(text)
    if "<" in text and "</" in text:
        yield from _in_elements(text)
    if "value" in text.lower() or "content" in text:
        for found in _PAIR.finditer(text):
            yield from _judged(found[1], found.span(2), text)
        for found in _REVERSED.finditer(text):
            yield from _judged(found[2], found.span(1), text)
        for found in _REVERSED_ATTRIBUTES.finditer(text):
            yield from _judged(found[2], found.span(1), text)
        for found in _ATTRIBUTES.finditer(text):
            yield from _judged(found[1], found.span(2), text)


def _judged(name: str, place: tuple[int, int], text: str) -> Iterator[Span]:
    start, end = place
    given = text[start:end]
    value = bare(given)
    if value and may_be_credential(name, value):
        start += len(given) - len(given.lstrip())
        yield Span(start, start + len(given.strip()), sure=is_credential(name, value))


def _in_elements(text: str) -> Iterator[Span]:
    for found in _ELEMENT.finditer(text):
        yield from _judged(found[1], found.span(2), text)
    for found in _KEYED_ELEMENT.finditer(text):
        yield from _judged(found[1], found.span(2), text)
    if "CDATA" in text:
        for found in _CDATA.finditer(text):
            yield from _judged(found[1], found.span(2), text)
    for pattern in (_PROPERTY, _PLIST):
        for found in pattern.finditer(text):
            yield from _judged(found[1], found.span(3), text)
    done = 0
    for parent in _PARENT.finditer(text):
        if parent.start() < done or not opens_credentials(parent[1]):
            continue
        ends = text.find(f"</{parent[1]}", parent.end())
        done = ends if ends >= 0 else len(text)
        for found in _ELEMENT.finditer(text, parent.end(), done + 2):
            yield from _below(parent[1], found[1], bare(found[2]), *found.span(2))


def _below(parent: str, name: str, value: str, start: int, end: int) -> Iterator[Span]:
    """Yield the value below a credential's name, unless it only says who, what or where."""
    if not value or is_referred(value) or (name and stands_beside(name)) or sense(name) is Sense.ABOUT:
        return
    if name and is_credential(name, value):
        yield Span(start, end)
        return
    plain = is_elsewhere(value) or is_plain(value)
    certain = (
        not plain
        and not (name and identifies(name))
        and (sense(parent) is Sense.PASSWORD or looks_chosen(value))
        and not value.startswith(("#", "//"))
    )
    yield Span(start, end, sure=certain)


def _opened(text: str) -> Iterator[Span]:
    done = 0
    for found in _OPENING.finditer(text):
        if found.start() < done or not opens_credentials(found[1]):
            continue
        if found[3]:
            done = yield from _in_brackets(text, found.end() - 1, found[1])
        elif ":" in found[0] or found[2]:
            start = text.rfind("\n", 0, found.start(1)) + 1
            if re.fullmatch(r"[ \t]*(?:-[ \t]+)*[\"']?", text[start : found.start(1)]):
                lead = text[start : found.start(1)].rstrip("\"'")
                done = yield from _in_block(text, found.end(), len(lead), found[1], whole=bool(found[2]))


def _in_block(text: str, at: int, indent: int, parent: str, *, whole: bool) -> Generator[Span, None, int]:
    """Yield the values indented further than their key, or listed at its height."""
    first = last = -1
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
                value = bare(re.sub(r"[ \t]+#.*", "", pair[2] if pair else content))
                start = line.start(3) + (pair.start(2) if pair else 0)
                if not content.startswith("#") and not re.fullmatch(r"[|>][-+\d]*|[\[{].*|[\]}],?", value):
                    yield from _below(parent, pair[1] if pair else "", value, start, line.end())
        at = line.end()
    if whole and first >= 0 and not is_referred(text[first:last]):
        value = bare(text[first:last])
        yield Span(first, last, sure=not is_elsewhere(value) and (sense(parent) is not Sense.TOKEN or looks_chosen(value.split()[0])))
    return at


def _in_brackets(text: str, at: int, parent: str) -> Generator[Span, None, int]:
    """Yield what stands between a bracket and the one that closes it."""
    depth, name, pending = 0, "", None
    for token in _TOKEN.finditer(text, at):
        sign = token[0]
        if sign in "[{":
            depth, name = depth + 1, name if sign == "[" else ""
        elif sign in {"]", "}", ","} or (sign == "\n" and pending):
            if pending:
                yield from _below(parent, name, bare(pending[0]), *pending.span())
                pending, name = None, ""
            depth -= sign in {"]", "}"}
            if depth == 0:
                return token.end()
        elif sign in ":=":
            name, pending = (bare(pending[0]), None) if pending else (name, None)
        elif sign.strip():
            pending = token
    return len(text)
