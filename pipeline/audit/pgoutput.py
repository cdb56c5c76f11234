"""Decoder of PostgreSQL's logical replication messages (plugin ``pgoutput``, protocol 1): own code, nothing shared with Debezium.

A transaction arrives after its commit and as a whole: Begin, changes with Relation messages between them, Commit. Values are text.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

_BEGIN: Final = struct.Struct("!QqI")
_COMMIT: Final = struct.Struct("!BQQq")
_TUPLE_SIZE: Final = struct.Struct("!H")
_LENGTH: Final = struct.Struct("!i")
_OID: Final = struct.Struct("!I")


# forms of a value
_TEXT, _NULL, _LEFT_OUT = b"tnu"


class _Unchanged:
    """Value stored out of line that an UPDATE did not touch, so that the message leaves it out."""

    def __repr__(self) -> str:
        return "UNCHANGED"


UNCHANGED: Final = _Unchanged()

Value = str | None | _Unchanged
Row = tuple[Value, ...]


class UnknownMessageError(ValueError):
    """A message that protocol 1 does not have."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Table of the changes that follow.

    Attributes:
        oid: Number by which changes refer to it.
        schema: Its schema.
        name: Its name.
        columns: Names of its columns, in the order of the values.
    """

    oid: int
    schema: str
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """Start of a transaction.

    Attributes:
        commit_lsn: Position of its commit record.
        xid: Its number.
    """

    commit_lsn: int
    xid: int


@dataclass(frozen=True, slots=True)
class Commit:
    """End of a transaction.

    Attributes:
        commit_lsn: Position of its commit record.
        end_lsn: Position behind it.
    """

    commit_lsn: int
    end_lsn: int


@dataclass(frozen=True, slots=True)
class Change:
    """One changed row.

    Attributes:
        oid: Number of the table.
        op: ``I``, ``U`` or ``D``.
        old: The old row, or of it the key only; None where the message has none.
        new: The new row; None for a deletion.
    """

    oid: int
    op: str
    old: Row | None
    new: Row | None


@dataclass(frozen=True, slots=True)
class Truncate:
    """Truncated tables, by number."""

    oids: tuple[int, ...]


Message = Relation | Begin | Commit | Change | Truncate

# Origin, Type and logical Message: nothing in them is a change of a row
_IGNORED: Final = frozenset(b"OYM")


def decode(payload: bytes) -> Message | None:
    """Decode one message; None for one that changes no row.

    Raises:
        UnknownMessageError: If protocol 1 has no such message, or it does not end where it should.
    """
    kind = payload[0]
    try:
        match chr(kind):
            case "I" | "U" | "D":
                return _change(payload)
            case "B":
                commit_lsn, _, xid = _BEGIN.unpack_from(payload, 1)
                return Begin(commit_lsn, xid)
            case "C":
                _, commit_lsn, end_lsn, _ = _COMMIT.unpack_from(payload, 1)
                return Commit(commit_lsn, end_lsn)
            case "R":
                return _relation(payload)
            case "T":
                (number,) = _OID.unpack_from(payload, 1)
                return Truncate(tuple(_OID.unpack_from(payload, 6 + 4 * index)[0] for index in range(number)))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        message = f"a message {chr(kind)!r} of {len(payload)} bytes does not follow protocol 1: {error}"
        raise UnknownMessageError(message) from None
    if kind in _IGNORED:
        return None
    message = f"protocol 1 has no message {chr(kind)!r}"
    raise UnknownMessageError(message)


def _change(payload: bytes) -> Change:
    op, (oid,) = chr(payload[0]), _OID.unpack_from(payload, 1)
    old, new, at = None, None, 5
    while at < len(payload):
        part = payload[at : at + 1]
        row, at = _row(payload, at + 1)
        if part == b"N":
            new = row
        elif part in {b"K", b"O"}:
            old = row
        else:
            message = f"a change has no part {part!r}"
            raise UnknownMessageError(message)
    if (new is None) == (op != "D") or (op == "D" and old is None):
        message = f"a message {op!r} without its row"
        raise UnknownMessageError(message)
    return Change(oid, op, old, new)


def _row(payload: bytes, at: int) -> tuple[Row, int]:
    (number,) = _TUPLE_SIZE.unpack_from(payload, at)
    at += 2
    values: list[Value] = []
    for _ in range(number):
        kind = payload[at]
        at += 1
        if kind == _TEXT:
            (length,) = _LENGTH.unpack_from(payload, at)
            at += 4
            if length < 0 or at + length > len(payload):
                message = "a value ends behind its message"
                raise UnknownMessageError(message)
            values.append(payload[at : at + length].decode())
            at += length
        elif kind == _NULL:
            values.append(None)
        elif kind == _LEFT_OUT:
            values.append(UNCHANGED)
        else:
            message = f"a value has no form {chr(kind)!r}"
            raise UnknownMessageError(message)
    return tuple(values), at


def _relation(payload: bytes) -> Relation:
    (oid,) = _OID.unpack_from(payload, 1)
    schema, at = _text(payload, 5)
    name, at = _text(payload, at)
    (number,) = _TUPLE_SIZE.unpack_from(payload, at + 1)  # behind the replica identity
    at += 3
    columns = []
    for _ in range(number):
        column, at = _text(payload, at + 1)  # behind the flags
        at += 8  # type and its modifier
        columns.append(column)
    return Relation(oid, schema, name, tuple(columns))


def _text(payload: bytes, at: int) -> tuple[str, int]:
    end = payload.index(b"\0", at)
    return payload[at:end].decode(), end + 1
