"""Changes of committed transactions as rows on disk, as Debezium would write them: a changed key is a deletion and an insertion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipeline.audit.canonical import UncomparableError, from_text
from pipeline.audit.pgoutput import UNCHANGED, Begin, Change, Commit, Relation, Truncate, UnknownMessageError, decode
from pipeline.audit.records import TRUNCATE
from pipeline.audit.spill import Spill

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.audit.canonical import Convert
    from pipeline.audit.pgoutput import Row
    from pipeline.audit.subject import Subject

_OPERATIONS: Final = {"I": "c", "U": "u", "D": "d"}


def log_schema(subject: Subject) -> pa.Schema:
    """Return the columns of the database's side of a table."""
    own = [("@commit", pa.int64()), ("@lsn", pa.int64()), ("@xid", pa.int64()), ("@seq", pa.int64()), ("@op", pa.string())]
    fields = [*(pa.field(*one) for one in own), pa.field("@comparable", pa.bool_())]
    return pa.schema([*fields, *(pa.field(column.name, column.arrow) for column in subject.row_columns)])


@dataclass(slots=True)
class _Table:
    """One audited table while its relation is known.

    Attributes:
        spill: Its changes.
        plan: Place in the message and conversion of each column, the place being None for a column that the message lacks.
        key: Places of the key's columns in the message.
    """

    spill: Spill
    plan: list[tuple[int | None, Convert]]
    key: list[int]


@dataclass(slots=True)
class Counts:
    """Counts of one table's messages."""

    transactions: int = 0
    truncates: int = 0
    changes: dict[str, int] = field(default_factory=dict)


class Transactions:
    """Receiver of the messages of a slot.

    Args:
        subjects: The audited tables.
        paths: The file of each.

    Attributes:
        ended: Position behind the last transaction that was taken as a whole.
        counts: Table to its counts.
    """

    def __init__(self, subjects: Mapping[str, Subject], paths: Mapping[str, Path]) -> None:
        """Begin without transactions."""
        self.ended = 0
        self.counts = {name: Counts() for name in subjects}
        self._subjects = {subject.in_database: subject for subject in subjects.values()}
        self._spills = {name: Spill(paths[name], log_schema(subject)) for name, subject in subjects.items()}
        self._tables: dict[int, tuple[str, _Table] | None] = {}
        self._begin: Begin | None = None
        self._touched: set[str] = set()
        self._seq = 0

    def take(self, lsn: int, payload: bytes) -> None:
        """Take one message and the position that the server gave it.

        Raises:
            UnknownMessageError: If it cannot be understood.
        """
        match decode(payload):
            case Begin() as begin:
                self._begin, self._seq = begin, 0
                self._touched.clear()
            case Commit() as commit:
                for name in self._touched:
                    self.counts[name].transactions += 1
                self.ended, self._begin = commit.end_lsn, None
            case Relation() as relation:
                self._tables[relation.oid] = self._table(relation)
            case Truncate() as truncate:
                self._truncate(lsn, truncate)
            case Change() as change:
                self._change(lsn, change)

    def close(self) -> None:
        """Finish the files."""
        for spill in self._spills.values():
            spill.close()

    def _table(self, relation: Relation) -> tuple[str, _Table] | None:
        subject = self._subjects.get(f"{relation.schema}.{relation.name}")
        if subject is None:
            return None
        name = subject.name
        places = {subject.renamed.get(column, column): index for index, column in enumerate(relation.columns)}
        absent = [column for column in subject.key if column not in places]
        if absent:
            message = f"{name} has no column {', '.join(absent)}, which its model names as key"
            raise UnknownMessageError(message)
        plan = [(places.get(column.name), from_text(column)) for column in subject.row_columns]
        return name, _Table(self._spills[name], plan, [places[column] for column in subject.key])

    def _change(self, lsn: int, change: Change) -> None:
        if change.oid not in self._tables or self._begin is None:
            message = "a change comes before its table or its transaction"
            raise UnknownMessageError(message)
        self._seq += 1
        known = self._tables[change.oid]
        if known is None:
            return
        name, table = known
        old, new = change.old, change.new
        if new is not None and old is not None:
            new = tuple(before if value is UNCHANGED else value for before, value in zip(old, new, strict=True))
        moved = change.op == "U" and old is not None and new is not None and any(old[place] != new[place] for place in table.key)
        self._touched.add(name)
        if moved and old is not None and new is not None:
            self._write(name, table, lsn, "d", old)
            self._write(name, table, lsn, "c", new)
        else:
            row = old if new is None else new
            self._write(name, table, lsn, _OPERATIONS[change.op], row or ())

    def _truncate(self, lsn: int, truncate: Truncate) -> None:
        if self._begin is None:
            message = "a TRUNCATE comes before its transaction"
            raise UnknownMessageError(message)
        self._seq += 1
        for oid in truncate.oids:
            known = self._tables.get(oid)
            if known is not None:
                name, table = known
                self._touched.add(name)
                self.counts[name].truncates += 1
                none = (None,) * len(table.plan)
                table.spill.add((self._begin.commit_lsn, lsn, self._begin.xid, self._seq, TRUNCATE, False, *none), 0)

    def _write(self, name: str, table: _Table, lsn: int, op: str, row: Row) -> None:
        begin, comparable, values, size = self._begin, True, list[Any](), 0
        for place, convert in table.plan:
            value = None if place is None else row[place]
            if isinstance(value, str):
                size += len(value)
                try:
                    values.append(convert(value))
                except (UncomparableError, ValueError):
                    values.append(None)
                    comparable = False
            else:
                comparable = comparable and value is None
                values.append(None)
        counts = self.counts[name].changes
        counts[op] = counts.get(op, 0) + 1
        if begin is not None:
            table.spill.add((begin.commit_lsn, lsn, begin.xid, self._seq, op, comparable, *values), 3 * size)
