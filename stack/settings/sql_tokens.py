"""Tokens of SQL that a column's default or constraint may consist of."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"\s+|(?P<comment>--|/\*)|(?P<string>'(?:[^']|'')*')|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z_0-9]))|"
    r"(?P<word>[A-Za-z_][A-Za-z0-9_]*(?!['&]))|(?P<name>\"[A-Za-z_][A-Za-z0-9_ $-]*\")|"
    r"(?P<sign>::|<=|>=|<>|!=|\|\||!~~\*|!~~|~~\*|~~|!~\*|!~|~\*|[-+*/%<>=~(),.\[\]])"
)


class Token(NamedTuple):
    """One token: its kind (string, number, word, name, sign) and its text; words in lower case, strings and names without their quotes."""

    kind: str
    text: str


class SqlError(ValueError):
    """A text is no SQL that PostgreSQL takes here; the message says why."""


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text.

    Raises:
        SqlError: For a comment, an end of the statement, or a character that is in no expression.
    """
    found, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup == "comment":
            rest = text[position : position + 2]
            message = f"{rest!r} begins a comment" if match else f"{rest[0]!r} is out of place"
            raise SqlError(message)
        if match.lastgroup:
            found.append(Token(match.lastgroup, _plain(match.lastgroup, match[0])))
        position = match.end()
    return found


def _plain(kind: str, text: str) -> str:
    if kind == "string":
        return text[1:-1].replace("''", "'")
    if kind == "name":
        return text[1:-1]
    return text.lower() if kind == "word" else text


class Reader:
    """Reads tokens one after the other."""

    def __init__(self, text: str) -> None:
        """Read the tokens of a text."""
        self._tokens, self._place = tokens(text), 0

    @property
    def next(self) -> Token | None:
        """The next token, or None at the end."""
        return self._tokens[self._place] if self._place < len(self._tokens) else None

    def take(self) -> Token:
        """Return the next token and move on.

        Raises:
            SqlError: At the end.
        """
        token = self.next
        if token is None:
            message = "it ends too early"
            raise SqlError(message)
        self._place += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Move over the given words or signs if they come next; return whether they did."""
        following = self._tokens[self._place : self._place + len(texts)]
        if [token.text for token in following] != list(texts) or any(token.kind in {"string", "name"} for token in following):
            return False
        self._place += len(texts)
        return True

    def need(self, *texts: str) -> None:
        """Move over the given words or signs.

        Raises:
            SqlError: If something else comes next.
        """
        if not self.skip(*texts):
            token = self.next
            message = f"{' '.join(texts)!r} is missing before {token.text!r}" if token else f"{' '.join(texts)!r} is missing at its end"
            raise SqlError(message)
