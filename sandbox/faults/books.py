"""Books of a run: every change that was committed, every change that the archive has, and what is wrong between the two.

They know nothing of databases: changes are numbers, so that a loss can be planted and must be found.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TABLES: Final = ("users", "products", "orders", "order_items")
"""Tables that the load writes, parents before children."""


class Change(NamedTuple):
    """One committed change of a row.

    Attributes:
        table: Which table.
        row: Number of the row, which stays when its key changes.
        operation: As the archive writes it: ``c``, ``u`` or ``d``.
        version: Version of the row; a deletion has that of the row that it deletes.
    """

    table: str
    row: int
    operation: str
    version: int

    def __str__(self) -> str:
        """Name of the change in a report."""
        return f"{self.table} {self.row} {self.operation}{self.version}"


class Arrival(NamedTuple):
    """One row of the archive.

    Attributes:
        change: The change that it stands for.
        sound: Whether every column holds the value that the change wrote.
        position: Position in the write-ahead log.
        key: Key of that moment.
        partition: Kafka's partition.
        offset: Position in it.
    """

    change: Change
    sound: bool
    position: int
    key: int
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, by name of the change.

    Attributes:
        checked: Changes that came into the archive since the verdict before.
        missing: Committed and not in the archive.
        twice: In the archive more than once.
        altered: In the archive with another value.
        disordered: In the archive before an earlier change of their row.
        invented: In the archive and never committed.
    """

    checked: int = 0
    missing: tuple[str, ...] = ()
    twice: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()
    disordered: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()

    @property
    def wrong(self) -> dict[str, tuple[str, ...]]:
        """Kinds of fault that were found."""
        kinds = {
            "missing": self.missing,
            "twice": self.twice,
            "altered": self.altered,
            "out of order": self.disordered,
            "never committed": self.invented,
        }
        return {kind: names for kind, names in kinds.items() if names}

    def __str__(self) -> str:
        """One line."""
        found = ", ".join(f"{len(names)} {kind}" for kind, names in self.wrong.items())
        return found or f"{self.checked} changes, each once and in order"


@dataclass(slots=True)
class _Row:
    committed: list[Change] = field(default_factory=list)
    arrived: list[Arrival] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """True once a deleted row is archived to its end."""
        return bool(self.committed) and self.committed[-1].operation == "d" and len(self.arrived) == len(self.committed)


Name = tuple[str, int]


@dataclass
class Books:
    """Both sides; may be written from several threads.

    Attributes:
        committed: Number of committed changes.
    """

    committed: int = 0
    _arrived: int = 0
    _reported: set[tuple[str, str]] = field(default_factory=set)
    _open: dict[Name, _Row] = field(default_factory=dict)
    _closed: set[Name] = field(default_factory=set)
    _touched: set[Name] = field(default_factory=set)
    _after_the_end: list[Arrival] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def commit(self, changes: Iterable[Change]) -> None:
        """Enter the changes of a transaction that was committed, in their order."""
        with self._lock:
            for change in changes:
                self._row(change).committed.append(change)
                self.committed += 1

    def arrive(self, arrivals: Iterable[Arrival]) -> None:
        """Enter rows of the archive, each once."""
        with self._lock:
            for arrival in arrivals:
                self._arrived += 1
                name = (arrival.change.table, arrival.change.row)
                if name in self._closed:
                    self._after_the_end.append(arrival)
                else:
                    self._row(arrival.change).arrived.append(arrival)
                    self._touched.add(name)

    def fence(self) -> Mapping[Name, int]:
        """Return the rows that the archive has not yet whole, with their number of changes committed so far."""
        with self._lock:
            return {name: len(row.committed) for name, row in self._open.items() if len(row.arrived) < len(row.committed)}

    def behind(self, fence: Mapping[Name, int]) -> dict[Name, int]:
        """Return the part of a fence that has not arrived yet."""
        with self._lock:
            return {name: number for name, number in fence.items() if name not in self._closed and self._short(name, number)}

    def verdict(self, fence: Mapping[Name, int]) -> Verdict:
        """Judge what has arrived since the last verdict, and what is missing of a fence.

        Every transaction whose changes may have arrived has to be entered before, or its changes count as never committed. What one verdict
        has named is not named again.
        """
        with self._lock:
            wrong: dict[str, list[str]] = {"missing": [], "twice": [], "altered": [], "disordered": [], "invented": []}
            for name in sorted(self._touched | {name for name in fence if name in self._open}):
                row = self._open[name]
                _judge(row, fence.get(name, 0), wrong)
                if row.over:
                    self._close(name)
            wrong["twice"] += [str(arrival.change) for arrival in self._after_the_end]
            self._touched.clear()
            self._after_the_end.clear()
            fresh = {kind: tuple(name for name in names if (kind, name) not in self._reported) for kind, names in wrong.items()}
            self._reported |= {(kind, name) for kind, names in fresh.items() for name in names}
            checked, self._arrived = self._arrived, 0
            return Verdict(checked, **fresh)

    def _row(self, change: Change) -> _Row:
        return self._open.setdefault((change.table, change.row), _Row())

    def _short(self, name: Name, number: int) -> bool:
        return len({arrival.change for arrival in self._open[name].arrived}) < number

    def _close(self, name: Name) -> None:
        del self._open[name]
        self._closed.add(name)


def _judge(row: _Row, owed: int, wrong: dict[str, list[str]]) -> None:
    known = {change: place for place, change in enumerate(row.committed)}
    found: dict[Change, Arrival] = {}
    for arrival in row.arrived:
        if arrival.change not in known:
            wrong["invented"].append(str(arrival.change))
        elif arrival.change in found:
            wrong["twice"].append(str(arrival.change))
        else:
            found[arrival.change] = arrival
            if not arrival.sound:
                wrong["altered"].append(str(arrival.change))
    wrong["missing"] += [str(change) for change in row.committed[:owed] if change not in found]
    in_order = [found[change] for change in row.committed if change in found]
    for before, after in itertools.pairwise(in_order):
        swapped = before.key == after.key and (before.partition, before.offset) >= (after.partition, after.offset)
        if before.position > after.position or swapped:
            wrong["disordered"].append(str(after.change))
