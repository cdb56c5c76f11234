"""Credentials that belong to a name by a form: elements and attributes of XML, pairs of a name and a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.names import opens_credentials
from stack.configs.credentials.spans import Span
from stack.configs.credentials.structures import below
from stack.configs.credentials.values import bare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Name, Reading

# What stands behind the name of an element
_ELEMENT = re.compile(r"(?:\s[^<>]{0,500})?(?<!/)>([^<>]{0,4000})(?=</)")
_CDATA = re.compile(r"(?:\s[^<>]{0,500})?>\s*<!\[CDATA\[((?:(?!\]\]>).){1,4000})", re.DOTALL)
_PARENT = re.compile(r"(?:\s[^<>]{0,500})?(?<!/)>\s*(?=<[a-zA-Z])")
_ANY_ELEMENT = re.compile(r"<([\w.:-]{2,80})(?:\s[^<>]{0,500})?(?<!/)>([^<>]{0,4000})(?=</)")
# and behind a name that is a value itself
_KEYED_ELEMENT = re.compile(r"[\"'][^<>]{0,200}?(?<!/)>\s*(?:<value>)?([^<>]{1,4000})(?=</)")
_PROPERTY = re.compile(r"\s*</name>\s*(?:<\w+>[^<>]{0,200}</\w+>\s*)?<(?:value|string)>([^<>]{0,4000})")
_PLIST = re.compile(r"\s*</key>\s*<(?:string|data)>([^<>]{0,4000})")
_ATTRIBUTE = re.compile(r"[\"'][^<>\n]{0,200}?\bvalue\s*=\s*(\"[^\"]*\"|'[^']*')")
_VALUES: Final = r"(?i:value|val|parameter_?value|option_?value|content|string_?value)"
_GAP: Final = r"(?:(?!\n[ \t]*-[ \t])[^{}\[\]<>]){0,200}?"
_PAIR = re.compile(
    rf"\\?[\"']?(?=[\s,]){_GAP}[\s,\"'\\]{_VALUES}\\?[\"']?[ \t]*[:=][ \t]*"
    r"(?!\[secret\])(\\?\"(?:\\.|[^\"\\])*+\\?\"|'[^']*+'|[^\n,}\s][^\n}]{0,1000})"
)
_REVERSED = re.compile(
    r"(?i:ue|al|content)\\?[\"']?[ \t]*[:=][ \t]*(\\?\"[^\"\n]{1,500}\"|'[^'\n]{1,500}'|[^\s,}\"'][^\n,}]{0,500}?)"
    r"(?:(?!\n[ \t]*-[ \t])[^{}\[\]<>]){0,100}[\s,\"'\\]\Z"
)
# Backwards, what stands before a name that is a value itself: ``name: ``, ``"key": "``, ``<name>``
_IS_NAMED = re.compile(
    r"[\"']?\\?\s{0,40}[:=]\s{0,40}[\"']?\\?(?i:eman|yek|yek_?retemarap|eman_?retemarap|elbairav|vne|eman_?noitpo|redaeh|di)(?![\w.-])"
)
_IN_ELEMENT = re.compile(r"\s{0,40}>(?:eman|yek)<")
_PREFIX = re.compile(r":[\w.-]{1,40}<")


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the credentials of elements, attributes and pairs."""
    text = reading.text
    elements = "<" in text and "</" in text
    pairs = "val" in reading.lowered or "content" in reading.lowered
    done = 0
    for name in reading.names if elements or pairs else ():
        if name.start < done:
            continue
        sign = text[name.start - 1 : name.start]
        if elements and (sign == "<" or (sign == ":" and reading.before(_PREFIX, name.start))):
            yield from _judged(name.word, _ELEMENT.match(text, name.end), text)
            yield from _judged(name.word, _CDATA.match(text, name.end), text)
        elif sign.isspace() or sign in _BEFORE_A_NAME:
            for span in _in_pair(reading, name, elements=elements):
                done = max(done, span.end)
                yield span
    if elements:
        yield from _in_elements(reading)


_OPENS: Final = frozenset("<:")
_BEFORE_A_NAME: Final = frozenset("\"'=:>\\")
_BACK: Final = 700


def _in_pair(reading: Reading, name: Name, *, elements: bool) -> Iterator[Span]:
    """Yield the value that belongs to a name which is a value itself."""
    text = reading.text
    head = reading.before(_IS_NAMED, name.start)
    if head is not None:
        if head.lower()[-2:] != "di":
            yield from _judged(name.word, _PAIR.match(text, name.end), text)
        yield from _judged(name.word, _ATTRIBUTE.match(text, name.end), text)
        if elements:
            yield from _judged(name.word, _KEYED_ELEMENT.match(text, name.end), text)
        begin = name.start - len(head)
        least = max(begin - _BACK, reading.text.rfind("}", max(begin - _BACK, 0), begin), 0)
        value = max(reading.lowered.rfind(word, least, begin) for word in ("value", "val", "content"))
        if value >= 0:
            value += 3 if reading.lowered.startswith("value", value) else 1 if reading.lowered.startswith("val", value) else 0
            yield from _judged(name.word, _REVERSED.match(text, value, begin), text)
    elif elements and reading.before(_IN_ELEMENT, name.start) is not None:
        yield from _judged(name.word, _PROPERTY.match(text, name.end) or _PLIST.match(text, name.end), text)


def _judged(name: str, found: re.Match[str] | None, text: str) -> Iterator[Span]:
    if not found:
        return
    start, end = found.span(1)
    given = text[start:end]
    value = bare(given)
    if value and may_be_credential(name, value):
        start += len(given) - len(given.lstrip())
        yield Span(start, start + len(given.strip()), sure=is_credential(name, value))


def _in_elements(reading: Reading) -> Iterator[Span]:
    """Yield what stands in the elements below one with the name of a credential."""
    text, done = reading.text, 0
    for name in reading.names:
        opens = name.start >= done and text[name.start - 1 : name.start] in _OPENS and opens_credentials(name.word)
        parent = _PARENT.match(text, name.end) if opens else None
        if not parent:
            continue
        ends = text.find(f"</{name.word}", parent.end())
        done = ends if ends >= 0 else len(text)
        for found in _ANY_ELEMENT.finditer(text, parent.end(), done + 2):
            yield from below(name.word, found[1], bare(found[2]), *found.span(2))
