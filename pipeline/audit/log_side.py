"""The database's side of all audited tables on disk: what was committed while the audit listened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.audit.source_log import SourceLog
from pipeline.audit.spill import written
from pipeline.audit.transactions import Transactions
from pipeline.description.stack import UnansweredError
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb

    from pipeline.audit.subject import Subject
    from pipeline.audit.topics import Place, Range
    from pipeline.description.stack import Login

_OPERATIONS: Final = {"c": "inserted", "u": "updated", "d": "deleted"}


class LogSide:
    """Changes of the database from its creation until it is closed.

    Args:
        login: A role with REPLICATION.
        publication: The pipeline's publication.
        subjects: The audited tables.
        folder: Private folder.

    Attributes:
        began: Position at which it began.
        until: Position behind everything that had been committed when the listening ended.
        known: What had been read of Kafka while the log was still read.
    """

    def __init__(self, login: Login, publication: str, subjects: Sequence[Subject], folder: Path) -> None:
        """Begin to read. Raises UnansweredError."""
        self._paths = {subject.name: folder / f"{subject.archive}-logged.parquet" for subject in subjects}
        self._transactions = Transactions({subject.name: subject for subject in subjects}, self._paths)
        self._log = SourceLog(login, publication, self._transactions)
        self._closed = False
        self.began = self._log.began
        self.until = self._log.began
        self.known: dict[Place, Range] = {}

    def listen(self, window: Patience, patience_s: float) -> None:
        """Listen for as long as the window lasts, and then until all that was committed in it has been read.

        Raises:
            UnansweredError: If the database does not answer, or the log is not read in time.
        """
        while window.go_on(f"{sum(self._changes().values()):,} change(s) until now", 1.0):
            self._log.has_read(0)
        self.until = self._log.position()
        self._read_to(self.until, Patience(patience_s, display=window.display))

    def close(self, patience: Patience) -> None:
        """Read all that has been committed until now, and end.

        Raises:
            UnansweredError: As for `listen`.
        """
        if self._closed:
            return
        try:
            self._read_to(self._log.position(), patience)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """End at once. Raises UnansweredError if the reading had failed."""
        if not self._closed:
            self._closed = True
            try:
                self._log.close()
            finally:
                self._transactions.close()

    def views(self, database: duckdb.DuckDBPyConnection, subject: Subject) -> None:
        """Make the view ``logged`` of one table."""
        files = written(self._paths[subject.name])
        database.execute(f"CREATE OR REPLACE TEMP VIEW logged AS SELECT * FROM read_parquet('{files}')")  # noqa: S608 - own folder

    def numbers(self, name: str) -> dict[str, int]:
        """Return the counts of a table."""
        counts = self._transactions.counts[name]
        changes = {_OPERATIONS[op]: number for op, number in sorted(counts.changes.items())}
        return {"transactions": counts.transactions, "changes": sum(changes.values()), **changes, "truncates": counts.truncates}

    def _changes(self) -> dict[str, int]:
        return {name: sum(counts.changes.values()) for name, counts in self._transactions.counts.items()}

    def _read_to(self, position: int, patience: Patience) -> None:
        while not self._log.has_read(position):
            if not patience.go_on("the rest of the database's log", 0.2):
                message = f"the database's log was not read to its end within {patience.seconds:.0f} s: --patience 600, or less load"
                raise UnansweredError(message)
