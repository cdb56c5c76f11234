"""Fields and values that an interface file declares: ``string password = 4;`` gives a field its number; its default is a value."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

# A number, and what stands behind it: options of the field, or its end
_NUMBER: Final = re.compile(r"(\d{1,9})[ \t]*(\[[^\]\n]{0,500}\])?[ \t]*(?=[;,}\n]|//|\Z)")
_BEHIND_A_FIELD: Final = re.compile(r"\d{1,9}[ \t]*(?:\[[^\]\n]{0,500}\])?[ \t]*;")
# Types whose fields no program sets to a number
_TEXT_FIELD: Final = re.compile(
    r"[ \t]*(?:(?:optional|required|repeated)[ \t]+[\w.]+|string|bytes|bool|map[ \t]*<[\w., \t]{1,80}>)[ \t]+\w{1,80}[ \t]*=[ \t]*"
)
_FIELD: Final = re.compile(
    r"[ \t]*(?:double|float|[us]?int(?:32|64)|s?fixed(?:32|64)|\.?(?:\w+\.)*[A-Z]\w*[a-z]\w*)[ \t]+\w{1,80}[ \t]*=[ \t]*"
)
_PROTOBUF: Final = re.compile(r"\bsyntax[ \t]*=[ \t]*[\"']proto[23]|\bmessage[ \t]+\w{1,80}[ \t]*\{")
_ENUM: Final = re.compile(r"\benum[ \t]+\w{1,80}[ \t]*(?::[ \t]*\w{1,20}[ \t]*)?\{\Z")
# FlatBuffers: password:string (id: 1);
_TYPED: Final = re.compile(r"\[?(?:string|bool|u?byte|u?short|u?int|u?long|float|double)\]?[ \t]*\([^()\n]{0,200}\)[ \t]*;?")
_FEW_DIGITS: Final = 5
_LINE: Final = 200
_BLOCK: Final = 4000


_DEFAULT: Final = re.compile(r"[ \t]*=[ \t]*\d{1,9}[ \t]*\[[^\]\n\"']{0,200}?\bdefault[ \t]*=[ \t]*[\"']([^\"'\n]{1,500})[\"']")


def spans(reading: Reading) -> Iterator[Span]:
    """Yield the defaults of declared fields: ``string password = 4 [default = "…"];``."""
    for name in reading.names if "default" in reading.lowered else ():
        found = _DEFAULT.match(reading.text, name.end)
        if found and may_be_credential(name.word, found[1]):
            yield Span(*found.span(1), sure=is_credential(name.word, found[1]))


@functools.lru_cache(maxsize=1)
def _is_protobuf(text: str) -> bool:
    return bool(_PROTOBUF.search(text))


def is_declared(reading: Reading, span: Span, file: str = "") -> bool:
    """Return whether a value behind the name of a credential is the number or the type of a declared field.

    Args:
        reading: The text.
        span: Place of the value.
        file: Name of the file, where there is one.
    """
    text = reading.text
    if _TYPED.fullmatch(text, span.start, span.end):
        return True
    number = _NUMBER.match(text, span.start)
    if number is None or span.end > number.end() + 1:
        return False
    before = text[max(span.start - _LINE, 0) : span.start]
    line = re.split(r"[\n;{}]", before)[-1]
    if _BEHIND_A_FIELD.match(text, span.start):
        if _TEXT_FIELD.fullmatch(line) and len(number[1]) <= _FEW_DIGITS:
            return True
        if (_TEXT_FIELD.fullmatch(line) or _FIELD.fullmatch(line)) and (file.endswith(".proto") or _is_protobuf(text)):
            return True
    block = text[max(span.start - _BLOCK, 0) : span.start]
    return bool(_ENUM.search(block, max(at := max(block.rfind("{"), block.rfind("}")) - _LINE, 0), at + _LINE + 1))
