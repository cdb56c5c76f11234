"""A writer that goes on through every fault and knows of each of its transactions whether it was committed."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.faults.books import Books
    from sandbox.faults.plans import Plan, Planner

_RETRY_S: Final = 0.5
_BACKLOG_S: Final = 2.0
_ANSWER_S: Final = 5
_IMPATIENT: Final = {
    "connect_timeout": str(_ANSWER_S),
    "tcp_user_timeout": str(_ANSWER_S * 1000),
    "keepalives_idle": "2",
    "keepalives_interval": "1",
    "keepalives_count": "3",
}


@dataclass
class Writer:
    """One connection after another, on rows of its own.

    Attributes:
        name: Its name, unique on the server.
        outputs: Gives the address and the login of this moment.
        books: Where committed changes are entered.
        planner: What it does next.
        rate: Changes per second.
        busy: Whether a transaction is going on.
        turns: Transactions that came to an end, whatever it was.
        kinds: Committed transactions by kind.
        in_doubt: Transactions whose COMMIT was not answered: those that were committed after all, and those that were not.
        begun: When each committed transaction began, by its witness; the clock is monotonic.
        broken: What has ended it before its time.
    """

    name: str
    outputs: Callable[[], Mapping[str, Any]]
    books: Books
    planner: Planner
    rate: float
    busy: bool = False
    turns: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    in_doubt: list[bool] = field(default_factory=list)
    begun: dict[int, float] = field(default_factory=dict)
    broken: BaseException | None = None
    _connection: psycopg.Connection[Any] | None = None
    _connections: int = 0
    _ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Write until ended; a transaction that is in doubt is settled before the next."""
        allowance, last = 0.0, time.monotonic()
        try:
            while not self._ended.is_set():
                now = time.monotonic()
                allowance, last = min(allowance + (now - last) * self.rate, _BACKLOG_S * self.rate), now
                if allowance <= 0:
                    self._ended.wait(min(-allowance / self.rate, 1.0) + 0.001)
                    continue
                self.busy = True
                plan = self.planner.plan()
                self._carry_out(plan)
                self.busy = False
                self.turns += 1
                allowance -= len(plan.changes)
        except BaseException as error:  # noqa: BLE001 - whatever it is, whoever waits for this writer must hear it
            self.broken = error
        finally:
            if self._connection is not None:
                self._connection.close()

    def end(self) -> None:
        """End it after its transaction."""
        self._ended.set()

    def _carry_out(self, plan: Plan) -> None:
        """Try until the transaction is committed, or rolled back if it is to be."""
        began = time.monotonic()
        while True:
            asked = False
            try:
                connection = self._connected()
                _steps(connection, plan)
                if plan.undone:
                    connection.rollback()
                    return
                asked = True
                connection.commit()
            except (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError):
                raise
            except psycopg.Error:
                if not self._committed(plan, asked=asked):
                    if self._ended.is_set():
                        return
                    began = time.monotonic()
                    continue
            break
        self.books.commit(plan.changes)
        self.begun[plan.witness] = began
        self.planner.done(plan)
        self.kinds[plan.kind] = self.kinds.get(plan.kind, 0) + 1

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connections += 1
            self._connection = connected(self.outputs(), f"{self.name}-{self._connections}")
        return self._connection

    def _committed(self, plan: Plan, *, asked: bool) -> bool:
        """Ask the server about a transaction that was broken off, once nothing can be at work on it any more."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if not asked:
            self._ended.wait(_RETRY_S)
            return False
        while True:
            try:
                with closing(connected(self.outputs(), f"{self.name}-asks")) as connection:
                    while _at_work(connection, f"{self.name}-{self._connections}"):
                        time.sleep(_RETRY_S / 5)
                    found = connection.execute("SELECT 1 FROM users WHERE id = %s", [plan.witness]).fetchone() is not None
            except psycopg.Error:
                time.sleep(_RETRY_S)
            else:
                self.in_doubt.append(found)
                return found


def connected(outputs: Mapping[str, Any], name: str) -> psycopg.Connection[Any]:
    """Connect as the application; a server that has vanished is noticed after seconds."""
    database = outputs["postgres"]
    login = {key: database[key] for key in ("host", "port", "user", "password")}
    return psycopg.connect(make_conninfo(**login, **_IMPATIENT, dbname=database["database"], sslmode="require", application_name=name))


def _at_work(connection: psycopg.Connection[Any], name: str) -> bool:
    """End the server's side of a connection that was lost, which may still be committing, and tell whether it is there."""
    question = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s"
    return bool(connection.execute(question, [name]).fetchall())


def _steps(connection: psycopg.Connection[Any], plan: Plan) -> None:
    for step in plan.steps:
        if not step.copied:
            connection.execute(step.statement, prepare=False)
            continue
        with connection.cursor() as cursor, cursor.copy(step.statement) as copy:
            for row in step.copied:
                copy.write_row(row)
