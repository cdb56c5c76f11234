"""Expressions of programs: what takes its value from elsewhere, and calls that hand over a credential."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.captions import is_caption
from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import Sense, sense
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import is_sentence, looks_chosen, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Name, Reading

_CALLED = re.compile(r"[\"']\s*,\s*([\"'])((?:(?!\1)[^\\\n]|\\.){1,500})\1")
_CALLS = re.compile(r"[\"']\s{0,40}\(\w")  # backwards: a call whose first argument the name is
_SETTER = re.compile(r"\(\s{0,40}([\"'])([^\"'\n]{1,500})\1\s*\)")
_SETS = re.compile(r"(?:set|with)?_?(pass\w{0,40}|\w{0,40}(?:Password|Secret|Token|ApiKey|_password|_secret|_token))")


_SENTENCE = re.compile(r"[ \t]+[^\W_]")
# The rest of a caption, up to the end of its line or text
_REST = re.compile(r"[^\n\"<]{0,200}")


def continues(text: str, at: int, stop: int, name: str, plain: str) -> bool:
    """Return whether a sentence follows a colon, as in ``Password: at least 12 characters``, or a caption in any language."""
    rest = _REST.match(text, at)
    if rest and is_caption(name, rest[0]):
        return True
    if text[at - 2 : at] != ": " or not plain.isalpha() or not text[at].isalpha() or not _SENTENCE.match(text, stop):
        return False
    return plain.islower() or is_sentence(text[at : min(stop + _A_SENTENCE, text.find("\n", stop) % (len(text) + 1))])


_CODE = re.compile(
    r"[A-Za-z_][\w.]*(\[.*\]|\(.*\)?)[;,]?|(?:this|self|os|process|env|args|opts|config|settings|props|values|data|var|local|module|each)\.[\w.\[\]\"']+[;,]?|"
    r"(?:await|new|lambda|if|return|not|typeof)\b.*|None|getpass.*|[a-z_]+(\.[a-z_]+)+[,)]+|"
    r"\w+\[[^\"']*|[\w.\[\], ]+ \| None.*|\w[\w\[\]., ]* = [^\"']*|[A-Z][a-z]\w*\[.*|[A-Za-z_]\w*\([^\"']*\)?.*"
)


_COMPARED: Final = ("==", "== ")


def is_expression(reading: Reading, name: str, at: int, plain: str) -> bool:
    """Return whether a value is compared and not set, or stands in a program without quotes."""
    text = reading.text
    compared = text.endswith(_COMPARED, max(at - 4, 0), at)
    if text[at] in "\"'`\\":
        return compared and sense(name) is not Sense.PASSWORD and not looks_chosen(plain)
    return compared or (reading.program and not _is_bare(plain))


_BARE = re.compile(r"([a-z]{4,})\d{1,3}")


def _is_bare(plain: str) -> bool:
    """Return whether a value without quotes in a program is a literal all the same, in a comment or another language."""
    found = _BARE.fullmatch(plain)
    return looks_random(plain) or (bool(found) and sense(found[1]) is Sense.NONE)  # type: ignore[index]


def is_code(plain: str) -> bool:
    """Return whether a value is an expression of a program, which takes the credential from elsewhere."""
    return bool(_CODE.fullmatch(plain))


def in_code(reading: Reading, name: Name) -> Iterator[Span]:
    """Yield the second argument of a call that begins with a credential's name, and the argument of one that sets a credential."""
    text = reading.text
    if text[name.end] == "(":
        found = _SETTER.match(text, name.end) if _SETS.fullmatch(name.word.rpartition(".")[2]) else None
    else:
        found = _CALLED.match(text, name.end) if reading.before(_CALLS, name.start) else None
    named = found and _SNAKE.fullmatch(found[2]) and sense(found[2]) is not Sense.NONE
    if found and text[name.end] != "(" and sense(name.word) is not Sense.PASSWORD and not looks_chosen(found[2]):
        return
    if found and not named and is_credential(name.word, found[2]):
        yield Span(*found.span(2))


_SNAKE = re.compile(r"[a-z]+(?:_[a-z]+)+")


_A_SENTENCE: Final = 60
