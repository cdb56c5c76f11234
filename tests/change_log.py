"""Change log of the rows that a test writes, with or without a fault: the archive must contain each committed change once, in order.

Comparing the rows of database and archive sees neither a change that the source writes twice nor a lost one that a later change covers.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline.reading.archive import Archive

TABLE = "users"
_DELETED_EACH = 3
_FENCE_ROWS = 60
_PAUSE_S = 0.05
_RETRY_S = 0.5
_LAST_CHANGE_S = 120.0
_SHOWN = 5
_IMPATIENT = {
    "connect_timeout": "5",
    "tcp_user_timeout": "5000",
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
}
_FAILURES = (psycopg.Error, AssertionError, subprocess.TimeoutExpired)


class Change(NamedTuple):
    """One change of a row: the operation as the archive writes it, and the value of that moment."""

    operation: str
    value: str


# changes of each row in their order, by the row's e-mail address
Log = dict[str, list[Change]]


@contextmanager
def application(outputs: Mapping[str, Any]) -> Iterator[Callable[[str], None]]:
    """Run one SQL statement after another as the application, by a new connection where the last one has broken.

    A statement raises psycopg.Error when it is not known to be committed; a server that has vanished is noticed after 5 s.

    Args:
        outputs: What ``sandbox outputs`` prints.
    """
    opened: list[psycopg.Connection[Any]] = []

    def execute(statement: str) -> None:
        if not opened:
            opened.append(_connected(outputs["postgres"]))
        try:
            opened[-1].execute(statement)
        except psycopg.Error:
            opened.pop().close()
            raise

    try:
        yield execute
    finally:
        for connection in opened:
            connection.close()


def _connected(database: Mapping[str, Any]) -> psycopg.Connection[Any]:
    login = {key: database[key] for key in ("host", "port", "user", "password")}
    return psycopg.connect(make_conninfo(**login, **_IMPATIENT, dbname=database["database"], sslmode="require"), autocommit=True)


@dataclass
class Writer:
    """Writes the rows of a mark and records the committed changes.

    Each statement is repeated until it is confirmed. None changes anything when it is run a second time, so a commit whose
    confirmation was lost counts once.

    Attributes:
        execute: Runs one statement, or raises.
        mark: Beginning of the rows' e-mail addresses; letters, digits and hyphens.
        log: Committed changes.
        rounds: Number of rounds that were committed whole.
    """

    execute: Callable[[str], object]
    mark: str
    log: Log = field(default_factory=dict)
    rounds: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)
    _until: float = float("inf")
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def counts(self) -> dict[str, int]:
        """Committed changes by operation."""
        return dict(Counter(change.operation for changes in self.log.values() for change in changes))

    def round(self) -> None:
        """Insert a row, change the two before it, and delete every third row after that: a row's changes lie rounds apart."""
        number = self.rounds
        self._insert(f"{self.mark}{number}")
        self._update(f"{self.mark}{number - 1}", 1)
        self._update(f"{self.mark}{number - 2}", 2)
        if (number - 3) % _DELETED_EACH == 0:
            self._delete(f"{self.mark}{number - 3}")
        self.rounds += 1

    def fence(self) -> None:
        """Insert enough rows for every partition. Once they are archived, so is every earlier change of their partitions."""
        keys = [f"{self.mark}last-{number}" for number in range(_FENCE_ROWS)]
        rows = ", ".join(f"('{key}', 'Written', '0')" for key in keys)
        self._commit(f"INSERT INTO {TABLE} (email, first_name, last_name) VALUES {rows} ON CONFLICT DO NOTHING")
        self.log |= {key: [Change("c", "0")] for key in keys}

    def wait_for_rounds(self, more: int, timeout_s: float) -> None:
        """Wait until the writing thread has committed this many more rounds."""
        wanted, deadline = self.rounds + more, time.monotonic() + timeout_s
        while self.rounds < wanted:
            assert time.monotonic() < deadline, f"{self.rounds} of {wanted} rounds could be written in {timeout_s:.0f} s"
            time.sleep(0.1)

    def write(self) -> None:
        """Write rounds until ended."""
        while not self._ended.is_set():
            with self._turn:
                self.round()
            self._ended.wait(_PAUSE_S)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let no round begin for as long as the block runs, so that archive and database can become equal."""
        with self._turn:
            yield

    def end(self) -> None:
        """End ``write`` after its round, which has two minutes to be committed."""
        self._until = time.monotonic() + _LAST_CHANGE_S
        self._ended.set()

    def _insert(self, key: str) -> None:
        self._commit(f"INSERT INTO {TABLE} (email, first_name, last_name) VALUES ('{key}', 'Written', '0') ON CONFLICT DO NOTHING")
        self.log[key] = [Change("c", "0")]

    def _update(self, key: str, value: int) -> None:
        if key in self.log:
            self._commit(f"UPDATE {TABLE} SET last_name = '{value}' WHERE email = '{key}' AND last_name = '{value - 1}'")
            self.log[key].append(Change("u", str(value)))

    def _delete(self, key: str) -> None:
        if key in self.log:
            self._commit(f"DELETE FROM {TABLE} WHERE email = '{key}'")
            self.log[key].append(Change("d", self.log[key][-1].value))

    def _commit(self, statement: str) -> None:
        while True:
            try:
                self.execute(statement)
            except _FAILURES:
                if time.monotonic() > self._until:
                    raise
                time.sleep(_RETRY_S)
            else:
                return


def written(execute: Callable[[str], object], mark: str, rounds: int = 12) -> Writer:
    """Write some rounds and the fence."""
    writer = Writer(execute, mark)
    for _ in range(rounds):
        writer.round()
    writer.fence()
    return writer


@contextmanager
def writing(execute: Callable[[str], object], mark: str) -> Iterator[Writer]:
    """Write rounds for as long as the block runs, and the fence after it."""
    writer, broken = Writer(execute, mark), list[BaseException]()

    def write() -> None:
        try:
            writer.write()
        except _FAILURES as error:
            broken.append(error)

    thread = threading.Thread(target=write, name=f"writes {mark}")
    thread.start()
    try:
        yield writer
    finally:
        writer.end()
        thread.join()
    if broken:
        raise broken[0]
    writer.fence()


def archived(archive: Archive, mark: str) -> Log:
    """Return the archive's changes of the rows of a mark, in the order of their partitions."""
    question = "SELECT email, __op, last_name FROM changes WHERE starts_with(email, ?) ORDER BY __kafka_partition, __kafka_offset"
    found: Log = {}
    for row in archive.query(TABLE, question, [mark]):
        found.setdefault(row["email"], []).append(Change(row["__op"], row["last_name"]))
    return found


def differences(committed: Log, found: Log) -> list[str]:
    """Return the rows whose changes in the archive are not exactly the committed ones."""

    def shown(changes: list[Change] | None) -> str:
        return " ".join(f"{change.operation}{change.value}" for change in changes or ()) or "nothing"

    keys = sorted(committed.keys() | found.keys())
    return [
        f"{key}: committed {shown(committed.get(key))}, archived {shown(found.get(key))}"
        for key in keys
        if committed.get(key) != found.get(key)
    ]


def prove(archive: Archive, writer: Writer, timeout_s: float) -> None:
    """Wait until the archive's log of a writer's rows is the committed one; a change too many fails at once, since none is ever removed."""
    deadline = time.monotonic() + timeout_s
    while wrong := differences(writer.log, found := archived(archive, writer.mark)):
        doubled = any(len(changes) > len(writer.log.get(key, ())) for key, changes in found.items())
        listed = "\n".join(wrong[:_SHOWN])
        assert not doubled, f"changes that nobody committed, {len(wrong)} row(s) differ:\n{listed}"
        assert time.monotonic() < deadline, f"{len(wrong)} of {len(writer.log)} rows differ after {timeout_s:.0f} s:\n{listed}"
        time.sleep(1)
    _refuse_open_partitions(archive, writer)


def _refuse_open_partitions(archive: Archive, writer: Writer) -> None:
    question = "SELECT DISTINCT __kafka_partition AS number FROM changes WHERE starts_with(email, ?)"
    every, closed = ({row["number"] for row in archive.query(TABLE, question, [mark])} for mark in (writer.mark, f"{writer.mark}last-"))
    assert every == closed, f"the last rows do not close the partitions {every - closed}"
