"""A queue of rows in Kafka: inserted into PostgreSQL and captured by Debezium while nothing takes them out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from sandbox.bench import rows
from sandbox.bench.figures import FiguresError
from sandbox.equality import connect
from sandbox.stack_settings import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.waiting import Patience

_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Queued:
    """Durations of filling a queue.

    Attributes:
        rows: Rows in it.
        insert_s: Seconds until PostgreSQL had committed the last of them.
        capture_s: Seconds from the first INSERT until Kafka had the last of them.
    """

    rows: int
    insert_s: float
    capture_s: float


class Topic:
    """The change topic of the table that is measured.

    Args:
        outputs: The stack's outputs.
        what: The table.
    """

    def __init__(self, outputs: Mapping[str, Any], what: rows.Measured) -> None:
        """Ask for its partitions."""
        (name,) = (table["topic"] for table in outputs["tables"] if table["name"] == what.table.qualified)
        self._admin = AdminClient({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
        described = self._admin.list_topics(name, timeout=_TIMEOUT_S).topics[name]
        self._partitions = [TopicPartition(name, partition) for partition in described.partitions]

    def end(self) -> int:
        """Return the sum of the partitions' ends as a reader of committed records sees them.

        It grows by one for each row, and by a few more for each transaction.
        """
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # its stubs leave this one out
        wanted = dict.fromkeys(self._partitions, latest)
        found = self._admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_TIMEOUT_S)
        return sum(future.result().offset for future in found.values())


def fill(outputs: Mapping[str, Any], what: rows.Measured, mark: str, number: int, patience: Patience) -> Queued:
    """Insert rows and wait until all of them are in Kafka.

    Args:
        outputs: The stack's outputs.
        what: Where they go.
        mark: Whose rows they are.
        number: How many.
        patience: How long to wait.

    Raises:
        FiguresError: If they are not there in time.
    """
    topic = Topic(outputs, what)
    slot, begin = settings().names.current_slot, topic.end()
    end = begin
    with connect(outputs) as database:
        started = time.monotonic()
        rows.insert(database, what, mark, 1, number)
        inserted = grown = time.monotonic()
        (position,) = database.execute("SELECT pg_current_wal_lsn()::text AS lsn").fetchall()
        while True:
            known, end = end, topic.end()
            if end > known:
                grown = time.monotonic()
            # Transactions make the topic longer than its rows, so its length alone would say too early that all are there.
            elif end - begin >= number and _captured(outputs, slot, position["lsn"]):
                return Queued(number, inserted - started, grown - started)
            tenths = min(10 * (end - begin) // number, 10)
            if not patience.go_on(f"{number} rows to be in Kafka, about {10 * tenths} % are"):
                raise FiguresError(patience.verdict(f"Kafka has about {end - begin} of {number} rows"))


def _captured(outputs: Mapping[str, Any], slot: str, position: str) -> bool:
    """Return True if Debezium has confirmed the write-ahead log of its slot up to a position."""
    statement = "SELECT confirmed_flush_lsn >= %s::pg_lsn AS done FROM pg_replication_slots WHERE slot_name = %s"
    with connect(outputs) as database:
        found = database.execute(statement, [position, slot]).fetchone()
    return bool(found and found["done"])
