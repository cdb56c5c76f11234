"""Random histories of one table, told twice: as a database keeps them, and as the change records that reach the archive.

The database knows nothing of positions or operations: it is a dictionary that commits change. The records have what Debezium writes and no
more, and are then disturbed as Kafka, its operators and the sink may disturb them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

Row = dict[str, Any]
KEYS = range(1, 7)
NO_KEY = 0


@dataclass
class Transaction:
    """An open transaction: its changes, with the positions of their log records, and the keys that it has locked, or the table alone."""

    number: int
    changes: list[tuple[int, str, int, str]] = field(default_factory=list)
    state: dict[int, str | None] = field(default_factory=dict)
    alone: bool = False


@dataclass
class Database:
    """The table, and the log of committed transactions in the order of their commits."""

    chance: Random
    position: int = 1000
    clock: int = 1_700_000_000_000
    rows: dict[int, str] = field(default_factory=dict)
    open: list[Transaction] = field(default_factory=list)
    committed: list[tuple[int, int, Transaction]] = field(default_factory=list)
    past: list[tuple[int, int, dict[int, str]]] = field(default_factory=list)
    transactions: int = 0
    values: int = 0

    def advance(self) -> int:
        """Return the position of one more record in the log."""
        self.position += self.chance.randint(1, 9)
        return self.position

    def begin(self) -> None:
        """Open a transaction."""
        self.transactions += 1
        self.open.append(Transaction(self.transactions))

    def seen(self, transaction: Transaction, key: int) -> str | None:
        """Return a row as a transaction sees it."""
        return transaction.state[key] if key in transaction.state else self.rows.get(key)

    def change(self, transaction: Transaction, key: int) -> None:
        """Insert, update or delete a row, or give it another key, unless another transaction has locked a key."""
        other = self.chance.choice([one for one in KEYS if one != key])
        if any(key in one.state for one in self.open if one is not transaction):
            return
        present = self.seen(transaction, key)
        if present is None:
            self._write(transaction, self.advance(), "c", key, self._value())
        elif self.chance.random() < 0.5:
            self._write(transaction, self.advance(), "u", key, self._value())
        elif self.chance.random() < 0.7:
            self._write(transaction, self.advance(), "d", key, None)
        elif self.seen(transaction, other) is None and not any(other in one.state for one in self.open if one is not transaction):
            position = self.advance()
            self._write(transaction, position, "d", key, None)
            self._write(transaction, position, "c", other, present)

    def insert_while_another_transaction_deletes(self) -> None:
        """Let an INSERT write its log record, then wait for a transaction that goes on to delete the same key."""
        holders = [(one, key) for one in self.open for key, value in one.state.items() if value is not None and key in self.rows]
        if not holders or any(one.alone for one in self.open):
            return
        holder, key = self.chance.choice(holders)
        waited_at = self.advance()
        self._write(holder, self.advance(), "d", key, None)
        self.commit(holder)
        self.begin()
        self._write(self.open[-1], waited_at, "c", key, self._value())

    def truncate(self, transaction: Transaction) -> None:
        """Remove all rows, unless another transaction has changed the table, and keep all others away until the commit."""
        if not any(one.state for one in self.open if one is not transaction):
            transaction.changes.append((self.advance(), "t", NO_KEY, ""))
            transaction.state = dict.fromkeys(KEYS)
            transaction.alone = True

    def commit(self, transaction: Transaction) -> None:
        """Make the changes of a transaction those of the table."""
        self.open.remove(transaction)
        self.clock += self.chance.randint(1, 50)
        end = self.advance()
        for key, value in transaction.state.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value
        if transaction.changes:
            self.committed.append((end, self.clock, transaction))
        self.past.append((end, self.clock, dict(self.rows)))

    def live(self, steps: int) -> None:
        """Let some things happen."""
        for _ in range(steps):
            what = self.chance.random()
            if what < 0.25 or not self.open:
                self.begin()
            elif what < 0.75:
                self.change(self.chance.choice(self.open), self.chance.choice(KEYS))
            elif what < 0.8:
                self.truncate(self.chance.choice(self.open))
            elif what < 0.86:
                self.insert_while_another_transaction_deletes()
            else:
                self.commit(self.chance.choice(self.open))

    def settle(self) -> None:
        """Commit what is open."""
        for transaction in tuple(self.open):
            self.commit(transaction)

    def _write(self, transaction: Transaction, position: int, operation: str, key: int, value: str | None) -> None:
        kept = self.seen(transaction, key) if value is None else value
        transaction.changes.append((position, operation, key, str(kept)))
        transaction.state[key] = value

    def _value(self) -> str:
        self.values += 1
        return f"value {self.values}"


def record(operation: str, key: int, value: str, position: int, before: int | None, time: int) -> Row:
    """Return a change as Debezium describes it."""
    pair = f'["{before}","{position}"]' if before is not None else f'[null,"{position}"]'
    return {
        "id": key,
        "order": value,
        "__op": operation,
        "__source_ts_ms": time,
        "__source_lsn": position,
        "__source_sequence": pair,
    }


def read_again(key: int, value: str, before: int, time: int) -> Row:
    """Return a row of a backfill as Debezium describes it: without a position, with the last commit twice."""
    return {**record("r", key, value, before, before, time), "__source_lsn": None}


def stream(database: Database, snapshot: tuple[int, int, dict[int, str]], chance: Random) -> list[Row]:
    """Return the records of a connector: the rows of its first snapshot, then every transaction committed after it.

    Args:
        database: The database, in which nothing is open any more.
        snapshot: Position, time and rows of the first snapshot.
        chance: Source of randomness.
    """
    start, began, rows = snapshot
    records = [record("r", key, value, start, None, began) for key, value in rows.items()]
    before: int | None = None
    for end, time, transaction in database.committed:
        if end <= start:
            continue
        for index, (position, operation, key, value) in enumerate(transaction.changes):
            # the heartbeat's own transaction is before any that a command could reach
            if before is not None and chance.random() < 0.15:
                # read after the commit of this transaction, at any time up to now, and sent between two of its changes
                read_at, read = chance.choice([(at, state) for to, at, state in database.past if to >= end])
                touched = {changed for _, _, changed, _ in transaction.changes[:index]}
                found = {one: held for one, held in read.items() if one not in touched or chance.random() < 0.5}
                records += [read_again(one, held, before, max(time, read_at)) for one, held in found.items()]
            records.append(record(operation, key, value, position, before, time))
        before = end
        if chance.random() < 0.15:
            # or sent at a commit
            read_at, read = chance.choice([(at, state) for to, at, state in database.past if to >= end])
            records += [read_again(one, held, before, max(time, read_at)) for one, held in read.items()]
    return records


def disturbed(records: list[Row], epoch: int, chance: Random) -> list[Row]:
    """Return the rows as the archive gets them: in partitions that were raised, some twice, some late."""
    partitions, late, placed = 3, [], []
    ends: dict[int, int] = {}

    def append(row: Row) -> None:
        partition = hash((row["id"], partitions)) % partitions
        ends[partition] = ends.get(partition, -1) + 1
        placed.append({**row, "__epoch": epoch, "__kafka_partition": partition, "__kafka_offset": ends[partition]})

    for row in records:
        if chance.random() < 0.05:
            partitions += 1
        if chance.random() < 0.1:
            late.append(row)
            continue
        append(row)
        if chance.random() < 0.1:
            append(row)
        if late and chance.random() < 0.2:
            append(late.pop(chance.randrange(len(late))))
    for row in late:
        append(row)
    chance.shuffle(placed)
    return placed
