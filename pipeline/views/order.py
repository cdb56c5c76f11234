"""Order of the changes of one key: the one place that defines it.

Nothing but the database's own log orders the changes: a position in Kafka is newer for a late copy of an old change, and none compares
across partitions. A position in the log alone would do neither: an INSERT that waits for another transaction stands before that
transaction's later changes of the same key, and rows that a snapshot reads while a transaction is open have a position after its changes.
Transactions take effect in the order of their commits, hence the first term.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stack.settings.tables import METADATA_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.views.dialects import Dialect

OPERATION: Final = "__op"
POSITION: Final = "__source_lsn"
SEQUENCE: Final = "__source_sequence"
"""Debezium's pair of the last commit before the change's transaction and the position of the change: ``["24023119","24023128"]``."""
EPOCH: Final = "__epoch"
"""Number of the life of the pipeline; positions of different lives do not compare."""
SNAPSHOT: Final = "snapshot_position"
TRUNCATED: Final = "truncated_position"
_LAST_RESORT: Final = ("__kafka_offset",)


@dataclass(frozen=True, slots=True)
class Log:
    """Archived changes of one table, in the words of one dialect.

    Attributes:
        dialect: Dialect of the engine.
        columns: Columns of the archived table, which may be older than a column of the order.
    """

    dialect: Dialect
    columns: Collection[str] = tuple(name for name, _type in METADATA_COLUMNS)

    def column(self, name: str) -> str:
        """Return the quoted name of a column of the log."""
        return f"changes.{self.dialect.quoted(name)}"

    @property
    def epoch(self) -> str | None:
        """Expression for the epoch of a change, or None without the column; rows that were archived without one are of the first."""
        return f"coalesce({self.dialect.whole.format(text=self.column(EPOCH))}, 1)" if EPOCH in self.columns else None

    @property
    def _has_commit(self) -> str:
        return f"""coalesce({self.column(SEQUENCE)}, '') LIKE '["%'""" if SEQUENCE in self.columns else "1 = 0"

    @property
    def _commit(self) -> str:
        return self.dialect.second_word.format(text=self.column(SEQUENCE))

    def up_to(self, position: int) -> str:
        """Return the condition for changes up to a position, without those of transactions that surely were committed later."""
        if SEQUENCE not in self.columns:
            return f"{self.column(POSITION)} <= {position}"
        # what a backfill has read has no position of its own
        own = f"coalesce({self.column(POSITION)}, 0) <= {position}"
        return f"{own} AND CASE WHEN {self._has_commit} THEN {self._commit} ELSE 0 END <= {position}"

    @property
    def first_snapshot(self) -> str:
        """Aggregate of an epoch: position at which its first snapshot was taken; rows that a backfill read do not count."""
        return f"min(CASE WHEN {self.column(OPERATION)} = 'r' AND NOT {self._has_commit} THEN {self.column(POSITION)} END)"

    @property
    def is_change(self) -> str:
        """Condition for the changes of rows: the mark of a TRUNCATE has no row, only values that stand for none."""
        return f"{self.column(OPERATION)} <> 't'"

    @property
    def last_truncate(self) -> str:
        """Aggregate of an epoch: position of the last TRUNCATE of the table."""
        return f"max(CASE WHEN NOT {self.is_change} THEN {self.column(POSITION)} END)"

    @property
    def is_after_truncate(self) -> str:
        """Condition for the changes that the last TRUNCATE did not remove.

        A TRUNCATE holds its table alone from its own position to its commit. So every other transaction with a change of the table ended
        before or began after it, and a snapshot that began before its commit either read the table before it or finds it empty: positions
        order all of them. What a backfill has read has none; it was read after the commit that it names.
        """
        mark, position = f"last_epoch.{TRUNCATED}", self.column(POSITION)
        read = f"coalesce({position}, CASE WHEN {self._has_commit} THEN {self._commit} END)" if SEQUENCE in self.columns else position
        return f"({mark} IS NULL OR {read} > {mark})"

    @property
    def committed_before(self) -> str:
        """Expression for the last commit that the database made before the transaction of a change.

        The first transaction after a start without a stored position has none. It was committed after the snapshot, even if it had begun
        before. Rows that were archived before the column existed have none either, and are ordered by their own positions.
        """
        position = self.column(POSITION)
        later = f"greatest({position}, coalesce(last_epoch.{SNAPSHOT}, 0))"
        cases = f"WHEN {self.column(OPERATION)} = 'r' THEN {position} ELSE {later} END"
        if SEQUENCE not in self.columns:
            return f"CASE {cases}"
        return f"CASE WHEN {self._has_commit} THEN {self._commit} {cases}"

    @property
    def newest_first(self) -> tuple[str, ...]:
        """Terms of ORDER BY, from the newest change of a key to its oldest.

        A row that was read while a transaction's changes arrived is not newer than any of these. The offset decides between copies of one
        change alone, so that the result is the same at every run.
        """
        changed = f"CASE WHEN {self.column(OPERATION)} = 'r' THEN 0 ELSE 1 END"
        position = f"coalesce({self.column(POSITION)}, 0)"
        terms = (self.committed_before, changed, position, *(self.column(name) for name in _LAST_RESORT))
        return tuple(f"{term} DESC" for term in terms)
