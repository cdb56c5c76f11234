"""Kafka's side of all audited tables on disk: records, offsets with a record, and dead letters; it can be read on to a later end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pipeline.audit.records import ASIDE, PLACES, Records, set_aside
from pipeline.audit.spill import Spill, written
from pipeline.audit.topics import Range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import duckdb
    from confluent_kafka import Message

    from pipeline.audit.registry import Registry
    from pipeline.audit.subject import Subject
    from pipeline.audit.topics import Place, Topics


class KafkaSide:
    """What Kafka has, read piece by piece.

    Args:
        topics: Reader of topics.
        registry: Registry of the schemas.
        subjects: The audited tables.
        dead_letters: Name of the dead-letter topic.
        folder: Private folder.
        patience_s: How long to wait for the next record.
    """

    def __init__(
        self, topics: Topics, registry: Registry, subjects: Sequence[Subject], dead_letters: str, folder: Path, patience_s: float
    ) -> None:
        """Read nothing yet."""
        self._topics = topics
        self._registry = registry
        self._subjects = {subject.topic: subject for subject in subjects}
        self._dead_letters = dead_letters
        self._folder = folder
        self._patience_s = patience_s
        self._piece = 0
        self.ranges: dict[Place, Range] = {}
        self.unfinished: set[Place] = set()

    def read(self, since_ms: int | None, tell: Callable[[str], None]) -> None:
        """Read what is there now, or what has come since the last call.

        Raises:
            UnansweredError: If Kafka or the registry does not answer.
            UnsupportedTypeError: If a column of a topic cannot be compared.
        """
        now = self._topics.ranges(list(self._subjects), since_ms)
        fresh = {
            place: Range(max(one.begin, self.ranges[place].end) if place in self.ranges else one.begin, one.end)
            for place, one in now.items()
        }
        fresh = {place: one for place, one in fresh.items() if one.size > 0}
        piece, self._piece = self._piece, self._piece + 1
        records = {
            topic: Records(subject, self._registry, self._folder / f"{subject.archive}-kafka-{piece}.parquet")
            for topic, subject in self._subjects.items()
        }
        seen = {topic: Spill(self._folder / f"{subject.archive}-seen-{piece}.parquet", PLACES) for topic, subject in self._subjects.items()}
        try:
            take = _by_topic({topic: one.take for topic, one in records.items()})
            unfinished = self._topics.read(fresh, take, committed=True, patience_s=self._patience_s, tell=tell)
            place = _by_topic({topic: _placer(one) for topic, one in seen.items()})
            also = self._topics.read(fresh, place, committed=False, patience_s=self._patience_s, tell=tell)
        finally:
            for one in records.values():
                one.spill.close()
            for spill in seen.values():
                spill.close()
        self.unfinished |= unfinished | also
        # what Kafka has deleted meanwhile was perhaps not read
        later = self._topics.ranges(list(self._subjects))
        begins = {place: max(self.ranges.get(place, one).begin, later[place].begin) for place, one in now.items()}
        self.ranges = {place: Range(begins[place], max(one.end, begins[place])) for place, one in now.items()}

    def read_dead_letters(self, tell: Callable[[str], None]) -> None:
        """Read the places of all records that were set aside until now.

        Raises:
            UnansweredError: If Kafka does not answer.
        """
        with Spill(self._folder / "aside.parquet", ASIDE) as spill:

            def take(message: Message) -> None:
                named = set_aside(message)
                if named is not None:
                    spill.add(named)

            ranges = self._topics.ranges([self._dead_letters])
            self._topics.read(ranges, take, committed=True, patience_s=self._patience_s, tell=tell)

    def views(self, database: duckdb.DuckDBPyConnection, subject: Subject) -> None:
        """Make the views ``kafka``, ``seen``, ``aside`` and ``ranges`` of one table."""
        ranges(database, {number: one for (topic, number), one in self.ranges.items() if topic == subject.topic})
        for name in ("kafka", "seen"):
            files = written(self._folder / f"{subject.archive}-{name}-*.parquet")
            read = f'SELECT a.* FROM read_parquet(\'{files}\') AS a JOIN ranges AS r USING ("@partition") WHERE "@offset" >= "@begin"'  # noqa: S608
            database.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {read}")
        aside = f"SELECT DISTINCT * FROM read_parquet('{written(self._folder / 'aside.parquet')}')"  # noqa: S608 - own folder
        database.execute(f"CREATE OR REPLACE TEMP VIEW aside AS {aside}")


def ranges(database: duckdb.DuckDBPyConnection, read: Mapping[int, Range], name: str = "ranges") -> None:
    """Make a table of the ranges of one topic."""
    schema = pa.schema([("@partition", pa.int32()), ("@begin", pa.int64()), ("@end", pa.int64())])
    rows = [(number, one.begin, one.end) for number, one in read.items()]
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    database.register(
        "read_ranges", pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)
    )
    database.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM read_ranges")  # noqa: S608 - own name
    database.unregister("read_ranges")


def _by_topic(takers: Mapping[str, Callable[[Message], None]]) -> Callable[[Message], None]:
    return lambda message: takers[str(message.topic())](message)


def _placer(spill: Spill) -> Callable[[Message], None]:
    return lambda message: spill.add((message.partition(), message.offset()))
