"""No planted fault is missed, whichever row of a random history it meets; and a history without one has no finding.

The history has two epochs of brokers that outlived the break, three partitions, snapshots, backfills, changed keys, truncates, aborted
records and dead letters that were put back.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.audit.canonical import Column, compared, row_hash
from pipeline.audit.folder_side import FolderSide
from pipeline.audit.records import TRUNCATE
from pipeline.audit.subject import Subject
from pipeline.reading.log_position import lsn_text
from tests.audit.conftest import TOPIC, Hops
from tests.audit.test_accounting import asked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline.audit.report import Finding

    Row = dict[str, Any]

SEEDS = range(2)
PARTITIONS = 3
VALUES: dict[str, list[Any]] = {
    "int": [0, 1, -1, 2**31 - 1],
    "long": [0, 1, -1, 2**63 - 1],
    "boolean": [True, False],
    "float": [0.5, -0.5, 1.0000001192092896, float("nan"), float("inf")],
    "double": [0.5, 0.1, 0.1 + 2**-55, float("nan"), float("inf"), float("-inf")],
    "string": ["", " ", "a", "A", "a ", "é", "e\u0301", "a\0b", "a\0c", "x" * 5000, "x" * 4999 + "y", "NULL"],
    "binary": [b"", b"\0", b"\0\0", b"a", b"\xff" * 300, b"\xff" * 299 + b"\xfe"],
    "date": [dt.date(1, 1, 1), dt.date(1970, 1, 1), dt.date(9999, 12, 31)],
    "timestamp": [dt.datetime(2026, 1, 1, 8, 0, 0, micro) for micro in (0, 1, 999_999)],  # noqa: DTZ001 - without a zone
    "timestamptz": [dt.datetime(2026, 1, 1, 8, 0, 0, micro, dt.UTC) for micro in (0, 1, 999_999)],
    "decimal(38,9)": [Decimal(0), Decimal("0.000000001"), Decimal("-0.000000001"), Decimal("9" * 29 + ".999999999")],
    "decimal(10,2)": [Decimal("1.50"), Decimal("1.51"), Decimal("-1.50")],
}
OWN = [("id", "int"), *((f"of_{number}", kind) for number, kind in enumerate(VALUES))]
TOLD = [
    *(("__op", "string"), ("__deleted", "string"), ("__ts_ms", "long"), ("__source_ts_ms", "long"), ("__source_lsn", "long")),
    *(("__source_txId", "long"), ("__source_sequence", "string"), ("__source_schema", "string"), ("__source_table", "string")),
]
PLACE = [("__epoch", "int"), ("__topic", "string"), ("__kafka_partition", "int"), ("__kafka_offset", "long")]
SUBJECT = replace(Subject("public.rows", "rows", TOPIC, compared([*OWN, *TOLD, *PLACE]), ("id",)), epoch=2)
SCHEMA = pa.schema([(name, Column(name, kind).arrow) for name, kind in [*OWN, *TOLD, *PLACE]])


@dataclass
class History:
    """A history on all hops.

    Attributes:
        chance: Source of randomness.
        kafka: Committed records.
        archived: Rows of the archive.
        logged: Changes of the database's log, each with the position of its commit.
        aborted: Places of aborted records.
        aside: Places of dead letters.
        again: Places of dead letters that were put back.
    """

    chance: Random
    kafka: list[Row] = field(default_factory=list)
    archived: list[Row] = field(default_factory=list)
    logged: list[tuple[int, Row]] = field(default_factory=list)
    aborted: list[tuple[int, int]] = field(default_factory=list)
    aside: list[tuple[int, int]] = field(default_factory=list)
    again: set[tuple[int, int]] = field(default_factory=set)
    ends: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(PARTITIONS), 0))
    position: int = 1000
    clock: int = 1_700_000_000_000

    def advance(self) -> int:
        """Return a later position in the log."""
        self.position += self.chance.randint(1, 9)
        return self.position

    def place(self, key: int) -> Row:
        """Return the next place of a key."""
        partition = key % PARTITIONS
        self.ends[partition] += 1
        return {"__topic": TOPIC, "__kafka_partition": partition, "__kafka_offset": self.ends[partition] - 1}

    def change(self, op: str, key: int, position: int | None, before: int | None, epoch: int) -> Row:
        """Return a change with random values at the next place of its key."""
        self.clock += self.chance.randint(1, 50)
        values = {name: self.chance.choice([None, *VALUES[kind]]) for name, kind in OWN[1:]}
        pair = f'["{before}","{position}"]' if before else f'[null,"{position}"]'
        about = {"__source_schema": "public", "__source_table": "rows", "__epoch": epoch, **self.place(key)}
        when = {"__ts_ms": self.clock + 7, "__source_ts_ms": self.clock, "__source_lsn": position, "__source_txId": self.position}
        deleted = "true" if op in "dt" else "false"
        return {"id": key, **values, "__op": op, "__deleted": deleted, **when, "__source_sequence": pair, **about}

    def live(self, epoch: int, transactions: int) -> None:
        """Let transactions and other things happen."""
        before = None
        for key in range(6):
            self._write(self.change("r", key, self.position, None, epoch))
        for _ in range(transactions):
            changes = [
                self.change(self.chance.choice("cuudt" if self.chance.random() < 0.1 else "cuud"), key, self.advance(), before, epoch)
                for key in self.chance.sample(range(12), self.chance.randint(1, 4))
            ]
            before = self.advance()
            for one in changes:
                self._write(one)
                self.logged.append((before, one))
            if self.chance.random() < 0.2:
                read = self.change("r", self.chance.randint(0, 11), None, before, epoch)
                self._write({**read, "__source_txId": None, "__source_sequence": f'["{before}","{before}"]'})
            if self.chance.random() < 0.3:
                gone = self.place(self.chance.randint(0, 2))
                if self.chance.random() < 0.5:
                    self.aborted.append((gone["__kafka_partition"], gone["__kafka_offset"]))

    def _write(self, one: Row) -> None:
        self.kafka.append(one)
        if self.chance.random() < 0.1:
            self.aside.append((one["__kafka_partition"], one["__kafka_offset"]))
            self.put_back(one)
        else:
            self.archived.append(one)

    def put_back(self, letter: Row) -> None:
        """Put a dead letter back, once, and archive it."""
        copy = {**letter, **self.place(letter["__kafka_partition"])}
        self.kafka.append(copy)
        self.archived.append(copy)
        self.again.add((copy["__kafka_partition"], copy["__kafka_offset"]))


def history(seed: int) -> History:
    """Return a history of two epochs."""
    made = History(Random(seed))  # noqa: S311 - the same histories at every run
    for epoch in (1, 2):
        made.live(epoch, 15)
    return made


def any_row(made: History, where: Callable[[Row], bool] = lambda _: True) -> Row:
    """Return one of the rows of the archive."""
    return made.chance.choice([one for one in made.archived if where(one)])


def of_present(one: Row) -> bool:
    """Tell whether a row is of the present epoch."""
    return bool(one["__epoch"] == 2)


def is_logged(one: Row) -> bool:
    """Tell whether the log has a row's change."""
    return one["__op"] != "r"


def without(rows: list[Row], one: Row) -> list[Row]:
    """Return rows without one of them."""
    return [other for other in rows if other is not one]


def another(one: Row, name: str, kind: str, chance: Random) -> Row:
    """Return a row with another value in a column."""
    values = VALUES[kind] if name not in {"__op", "__deleted"} else ["r", "c", "u", "d", "t", "true", "false"]
    return {**one, name: chance.choice([value for value in [None, *values] if str(value) != str(one[name])])}


def lost(made: History) -> Row:
    """Lose a row between Kafka and the archive."""
    one = any_row(made)
    made.archived = without(made.archived, one)
    return one


def lost_by_the_source(made: History) -> Row:
    """Lose a change between the log and Kafka."""
    one = any_row(made, lambda row: is_logged(row) and (row["__kafka_partition"], row["__kafka_offset"]) not in made.again)
    made.archived, made.kafka = without(made.archived, one), without(made.kafka, one)
    return one


def missing_mark(made: History) -> Row:
    """Lose the mark of a TRUNCATE."""
    one = made.change(TRUNCATE, 3, made.advance(), made.position, 2)
    made.logged.append((made.advance(), one))
    return one


def doubled(made: History) -> Row:
    """Archive a record twice."""
    one = any_row(made)
    made.archived.append(dict(one))
    return one


def doubled_by_the_source(made: History) -> Row:
    """Write a record again, at another offset."""
    one = any_row(made, of_present)
    copy = {**one, **made.place(one["__kafka_partition"])}
    made.kafka.append(copy)
    made.archived.append(copy)
    return copy


def doubled_replay(made: History) -> Row:
    """Put a dead letter back twice."""
    places = {(one["__kafka_partition"], one["__kafka_offset"]): one for one in made.kafka}
    one = places[made.chance.choice(made.aside)]
    made.put_back(one)
    return one


def doubled_replay_of_a_read_row(made: History) -> Row:
    """Put a dead letter back twice, which a snapshot or a backfill has read."""
    one = any_row(made, lambda row: row["__op"] == "r")
    made.aside.append((one["__kafka_partition"], one["__kafka_offset"]))
    made.archived = without(made.archived, one)
    made.put_back(one)
    made.put_back(one)
    return one


def altered(made: History) -> Row:
    """Archive another value of any column."""
    one = any_row(made)
    name, kind = made.chance.choice([*OWN, *TOLD])
    made.archived = [*without(made.archived, one), another(one, name, kind, made.chance)]
    return one


def altered_by_the_source(made: History) -> Row:
    """Write another value than the log's."""
    one = any_row(made, lambda row: is_logged(row) and row["__op"] != TRUNCATE)
    name, kind = made.chance.choice(OWN)
    changed = another(one, name, kind, made.chance)
    made.archived, made.kafka = [*without(made.archived, one), changed], [*without(made.kafka, one), changed]
    return one


def swapped(made: History) -> Row:
    """Let two changes of a key change their places."""
    first = made.change("c", 5, made.advance(), made.position, 2)
    between = made.advance()
    second = made.change("u", 5, made.advance(), between, 2)
    places = {name: (first[name], second[name]) for name in ("__kafka_partition", "__kafka_offset")}
    for one, index in ((first, 1), (second, 0)):
        one |= {name: pair[index] for name, pair in places.items()}
        made.kafka.append(one)
        made.archived.append(one)
        made.logged.append((made.position + 1, one))
    return first


def in_an_earlier_epoch(made: History) -> Row:
    """Give a row of the present epoch the number of the one before."""
    first: dict[int, int] = {}
    for row in filter(of_present, made.archived):
        first[row["__kafka_partition"]] = min(row["__kafka_offset"], first.get(row["__kafka_partition"], row["__kafka_offset"]))
    one = any_row(made, lambda row: of_present(row) and row["__kafka_offset"] > first[row["__kafka_partition"]])
    made.archived = [*without(made.archived, one), {**one, "__epoch": made.chance.choice([None, 1])}]
    return one


def in_a_later_epoch(made: History) -> Row:
    """Give a row of the present epoch the number of one to come."""
    one = any_row(made, of_present)
    made.archived = [*without(made.archived, one), {**one, "__epoch": 3}]
    return one


def in_two_epochs(made: History) -> Row:
    """Archive a record in two epochs."""
    one = any_row(made)
    made.archived.append({**one, "__epoch": 3 - one["__epoch"]})
    return one


def of_no_record(made: History) -> Row:
    """Archive a row at the offset of a control record or of an aborted one."""
    last = {row["__kafka_partition"]: row["__kafka_offset"] for row in made.kafka}
    known = {(row["__kafka_partition"], row["__kafka_offset"]) for row in made.kafka}
    free = [(number, offset) for number, end in last.items() for offset in range(end) if (number, offset) not in known]
    partition, offset = made.chance.choice(free)
    made.archived.append({**any_row(made, of_present), "id": 999, "__kafka_partition": partition, "__kafka_offset": offset})
    return made.archived[-1]


def of_no_partition(made: History) -> Row:
    """Archive a row of a partition that the topic does not have."""
    made.archived.append({**any_row(made, of_present), "__kafka_partition": 77, "id": 999})
    return made.archived[-1]


def of_no_place(made: History) -> Row:
    """Archive a row without a part of its place."""
    name = made.chance.choice(["__topic", "__kafka_partition", "__kafka_offset"])
    made.archived.append({**any_row(made, of_present), name: None, "id": 999})
    return made.archived[-1]


FAULTS = (
    *(lost, lost_by_the_source, missing_mark, doubled, doubled_by_the_source, doubled_replay, doubled_replay_of_a_read_row),
    *(altered, altered_by_the_source, swapped, in_an_earlier_epoch, in_a_later_epoch, in_two_epochs),
    *(of_no_record, of_no_partition, of_no_place),
)


class Audited(Hops):
    """All sides of a history."""

    def __post_init__(self) -> None:
        """Connect."""
        self.places_aside: list[tuple[int, int]] = []
        self.places_aborted: list[tuple[int, int]] = []
        self.places_again: set[tuple[int, int]] = set()
        super().__post_init__()

    def _of_kafka(self) -> Any:
        for one in self.kafka:
            place = (one["__kafka_partition"], one["__kafka_offset"])
            yield (*place, "row", True, place in self.places_again, *(one[column.name] for column in self.subject.columns))

    def _of_seen(self) -> Any:
        yield from super()._of_seen()
        yield from self.places_aborted

    def _of_aside(self) -> Any:
        yield from ((TOPIC, *place) for place in self.places_aside)


def found(made: History, folder: Path) -> list[Finding]:
    """Return what an audit finds."""
    root = folder / "bucket"
    root.mkdir()
    made.chance.shuffle(made.archived)
    for number, begin in enumerate(range(0, len(made.archived), 30)):
        pq.write_table(pa.Table.from_pylist(made.archived[begin : begin + 30], schema=SCHEMA), root / f"{number}.parquet")
    hops = Audited(folder, SimpleNamespace(filesystem=pa.fs.LocalFileSystem()), subject=SUBJECT)  # type: ignore[arg-type]
    hops.kafka, hops.logged = made.kafka, made.logged
    hops.places_aside, hops.places_aborted, hops.places_again = made.aside, made.aborted, made.again
    hops.side = FolderSide(hops.archive, hops.database, SUBJECT, f"file://{root}", folder)  # type: ignore[assignment, arg-type]
    return [finding for answer in asked(hops) for finding in answer.findings]


def names(finding: Finding, one: Row) -> bool:
    """Tell whether a finding names a row: by its place or its position in the log, and by its key where it lacks one of them."""
    place, lsn = (one["__kafka_partition"], one["__kafka_offset"]), one["__source_lsn"]
    if (finding.partition, finding.offset) == place or (lsn is not None and finding.lsn == lsn_text(lsn)):
        return True
    return (lsn is None or None in place) and finding.key.get("id") == str(one["id"])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_without_a_fault_has_no_finding(seed: int, tmp_path: Path) -> None:
    assert found(history(seed), tmp_path) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_fault_is_found_by_the_name_of_its_row(fault: Callable[[History], Row], seed: int, tmp_path: Path) -> None:
    made = history(seed)
    broken = fault(made)
    assert any(names(one, broken) for one in found(made, tmp_path)), fault.__doc__


@pytest.mark.parametrize("kind", VALUES)
def test_different_values_of_a_type_have_different_hashes(kind: str, hops: Hops) -> None:
    column = Column("a", kind)
    values = pa.table({"a": pa.array([None, *VALUES[kind]], column.arrow)})
    hops.database.register("given", values)
    assert hops.database.execute(f"SELECT count(DISTINCT {row_hash([column])}) FROM given").fetchall() == [(len(values),)]
