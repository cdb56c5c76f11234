"""A text of SQL as PostgreSQL's own grammar reads it.

The grammar is libpg_query, the server's parser as a library, by way of pgparse (BSD); docs/adr/0031 says why.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

import pgparse

Node = dict[str, Any]
"""A node of the parse tree: its fields by name."""

LONGEST: Final = 2 * 1024 * 1024
"""Most characters of one text."""

# The parser descends with the text: an expression of 1 MB (1+1+…) took more than 8 and less than 64 MiB of stack
_STACK: Final = 256 * 1024 * 1024


class BadTextError(ValueError):
    """A text is no SQL that PostgreSQL reads, or too much of it; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        number: Its place in the text, from 1.
        text: Its own text, without what separates it from others.
        kind: Name of its node, such as ``AlterTableStmt``.
        node: Fields of the node.
    """

    number: int
    text: str
    kind: str
    node: Node


def parse(text: str) -> list[Statement]:
    """Return the statements of a text.

    Raises:
        BadTextError: If it is too long, no SQL, or without a statement.
    """
    if len(text) > LONGEST:
        message = f"the text has {len(text)} characters, and at most {LONGEST} are read at once; divide it"
        raise BadTextError(message)
    if "\0" in text:
        message = f"the text has a null character at position {text.index(chr(0)) + 1}, where PostgreSQL would end it; remove it"
        raise BadTextError(message)
    read = _read(text)
    if not read:
        message = "the text has no statement; write one, such as ALTER TABLE public.orders ADD COLUMN note text"
        raise BadTextError(message)
    # the parser counts bytes
    encoded = text.encode()
    return [_statement(number, raw, encoded) for number, raw in enumerate(read, start=1)]


def _statement(number: int, raw: Node, text: bytes) -> Statement:
    begin = raw.get("stmt_location", 0)
    # without a length, the statement ends with the text
    end = begin + raw["stmt_len"] if raw.get("stmt_len") else len(text)
    ((kind, node),) = raw["stmt"].items()
    return Statement(number, text[begin:end].decode(errors="replace").strip(" \t\r\n;"), kind, node)


def _read(text: str) -> list[Node]:
    """Return the parser's answer, from a thread with a stack for deep expressions."""
    answer: list[list[Node] | Exception] = []

    def run() -> None:
        try:
            answer.append(pgparse.parse(text))
        except Exception as error:  # noqa: BLE001 - told by the caller, in whose thread it belongs
            answer.append(error)

    before = threading.stack_size(_STACK)
    try:
        thread = threading.Thread(target=run)
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    (found,) = answer
    if isinstance(found, Exception):
        raise _told(found, text) from None
    return found


def _told(error: Exception, text: str) -> Exception:
    if isinstance(error, pgparse.PGQueryError):
        before = text[: max(error.position - 1, 0)]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return BadTextError(f"PostgreSQL does not read line {line}, column {column}: {error.message}; correct it")
    if isinstance(error, UnicodeEncodeError):
        return BadTextError("the text is no UTF-8; convert it")
    if isinstance(error, RecursionError):
        return BadTextError("an expression is nested too deeply to be read; shorten it")
    return error
