"""Archives with random histories of one table, and what a reader has to find in each: by the database itself, and by rules without SQL.

The same rows are written as an Iceberg table, as the Iceberg sink makes it, and as plain Parquet with the epoch as text, as the other sink
does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import DecimalType, IntegerType, LongType, NestedField, StringType

from stack.settings.tables import Column, Table, archive_columns
from tests.views.histories import Database, disturbed
from tests.views.test_states import CASES, life, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.views.histories import Row

VALUE: Final = "said"
"""Column with the value of a row; in the histories it is `order`, which no table may have."""
SEEDS: Final = range(10)
WITH_EPOCHS: Final = range(100, 106)
# every name is a reserved word of some engine
ODD: Final = Table(
    name="partition",
    columns=(Column(name="range", type="integer"), Column(name="timestamp", type="numeric(38,9)"), Column(name="interval", type="text")),
    primary_key=("range", "timestamp"),
)
_COLUMNS: Final = (Column(name="id", type="integer"), Column(name=VALUE, type="text"))
_TYPES: Final = {"int": IntegerType(), "long": LongType(), "string": StringType(), "decimal(38,9)": DecimalType(38, 9)}


@dataclass(frozen=True)
class Told:
    """One archived table.

    Attributes:
        name: Its name.
        rows: Archived changes.
        table: What the database holds at the end, by key.
        past: Times of commits, and what the database held then.
    """

    name: str
    rows: Sequence[Row]
    table: Mapping[int, str]
    past: Sequence[tuple[int, Mapping[int, str]]] = ()

    @property
    def model(self) -> Table:
        """Table as a stack file declares it."""
        return Table(name=self.name, columns=_COLUMNS, primary_key=("id",))

    @property
    def moment(self) -> int:
        """Time of a commit in the middle."""
        return self.past[len(self.past) // 2][0]

    @property
    def position(self) -> int:
        """Position in the middle of those that the last epoch has."""
        found = sorted(row["__source_lsn"] for row in self.rows if row["__source_lsn"] is not None)
        return int(found[len(found) // 2])


def told() -> list[Told]:
    """Return all archives: random ones, with one epoch and with several, each known case, and an empty one."""
    random = [_random(seed) for seed in SEEDS]
    cases = [Told(f"case_{number:02}", placed(*rows), held) for number, (rows, held) in enumerate(CASES.values())]
    return [*random, *map(_with_epochs, WITH_EPOCHS), *cases, Told("empty", (), {})]


def _random(seed: int) -> Told:
    chance = Random(seed)  # noqa: S311 - the same histories at every run
    database = Database(chance)
    records = life(chance, database)
    seen = {(row["id"], row["__source_ts_ms"]) for row in records}
    past = [(time, _known(held, seen, time)) for _, time, held in database.past if records and time >= records[0]["__source_ts_ms"]]
    return Told(f"history_{seed}", disturbed(records, 1, chance), dict(database.rows), past)


def _known(held: Mapping[int, str], seen: Iterable[tuple[int, int]], time: int) -> dict[int, str]:
    keys = {key for key, at in seen if at <= time}
    return {key: value for key, value in held.items() if key in keys}


def _with_epochs(seed: int) -> Told:
    """Two or three lives, whose positions may begin anew, and between which rows were deleted unseen."""
    chance = Random(seed)  # noqa: S311 - the same histories at every run
    database, rows = Database(chance), list[Any]()
    for epoch in range(1, chance.choice([3, 4])):
        if epoch > 1:
            kept = {key: value for key, value in database.rows.items() if chance.random() < 0.5}
            database = Database(chance, position=chance.choice([10, 5000]), rows=kept)
        records = life(chance, database)
        # an epoch without a row would not be the last one that the table knows
        if records:
            rows, last = [*rows, *disturbed(records, epoch, chance)], dict(database.rows)
    return Told(f"epochs_{seed}", rows, last)


def plain(rows: Iterable[Row], *, until: Callable[[Row], bool] = lambda _: True, epoch: int | None = None) -> dict[int, str]:
    """Return the state of a table from its log, by the rules of ADR 26 and ADR 33, without SQL."""
    seen = [row for row in rows if until(row)]
    last = epoch or max((row["__epoch"] or 1 for row in seen), default=1)
    seen = [row for row in seen if (row["__epoch"] or 1) == last]
    snapshot = min((row["__source_lsn"] for row in seen if row["__op"] == "r" and _commit(row) is None), default=0)
    truncated = max((row["__source_lsn"] for row in seen if row["__op"] == "t"), default=None)
    newest: dict[int, tuple[Any, Row]] = {}
    for row in seen:
        at, commit = row["__source_lsn"], _commit(row)
        if row["__op"] == "t" or (truncated is not None and (commit if at is None else at) <= truncated):
            continue
        if commit is None:
            commit = at if row["__op"] == "r" else max(at, snapshot)
        age = (commit, row["__op"] != "r", at or 0, row["__kafka_offset"])
        if row["id"] not in newest or newest[row["id"]][0] < age:
            newest[row["id"]] = (age, row)
    return {key: row["order"] for key, (_, row) in newest.items() if row["__op"] != "d"}


def _commit(row: Row) -> int | None:
    pair = row["__source_sequence"] or ""
    return int(pair.split('"')[1]) if pair.startswith('["') else None


def committed_by(position: int) -> Callable[[Row], bool]:
    """Return the condition for the changes up to a position, without those of transactions that surely were committed later."""
    return lambda row: (row["__source_lsn"] or 0) <= position and (_commit(row) or 0) <= position


class Archives:
    """All archives on this disk.

    Args:
        folder: Where they are made.
        told: Their tables.
    """

    def __init__(self, folder: Path, told: Sequence[Told]) -> None:
        """Write them."""
        self.folder, self.told = folder, told
        self.models = [*(one.model for one in told), ODD]
        self.catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/lake")
        self.catalog.create_namespace("archive")
        for table, rows in [*((one.model, one.rows) for one in told), (ODD, _odd())]:
            self._write(table, rows)

    def _write(self, table: Table, rows: Sequence[Row]) -> None:
        columns = archive_columns(table)
        fields = (NestedField(number, name, _TYPES[kind], required=False) for number, (name, kind) in enumerate(columns, 1))
        made = self.catalog.create_table(f"archive.{table.archive_name}", Schema(*fields), properties={"format-version": "2"})
        schema = made.schema().as_arrow()
        content = [{name: row.get("order" if name == VALUE else name) for name, _kind in columns} for row in rows]
        # several commits, so that no engine reads one file only
        for begin in range(0, len(content), 40):
            made.append(pa.Table.from_pylist(content[begin : begin + 40], schema=schema))
        number = schema.get_field_index("__epoch")
        text = schema.set(number, pa.field("__epoch", pa.string()))
        self.plain_file(table).parent.mkdir(parents=True)
        epochs = [{**row, "__epoch": None if row["__epoch"] is None else str(row["__epoch"])} for row in content]
        pq.write_table(pa.Table.from_pylist(epochs, schema=text), self.plain_file(table))

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Return the rows of a table."""
        found: list[dict[str, Any]] = self.catalog.load_table(f"archive.{table.archive_name}").scan().to_arrow().to_pylist()
        return found

    def plain_file(self, table: Table) -> Path:
        """Return the one file of a table in the other format."""
        return self.location(table) / "year=2026" / "month=01" / "day=01" / "hour=00" / "rows.parquet"

    def location(self, table: Table) -> Path:
        """Return the folder of a table in the other format."""
        return self.folder / "plain" / table.archive_name

    def files(self, table: Table) -> list[str]:
        """Return the paths of the data files of the Iceberg table."""
        tasks = self.catalog.load_table(f"archive.{table.archive_name}").scan().plan_files()
        return sorted(task.file.file_path.removeprefix("file://") for task in tasks)


def _odd() -> list[dict[str, Any]]:
    key = {"range": 1, "timestamp": Decimal("2.5"), "__epoch": 1, "__kafka_partition": 0}
    changes = [("c", 100, '[null,"100"]', "first"), ("u", 200, '["150","200"]', 'it\'s "second"'), ("u", 120, '["110","120"]', "late")]
    names = ("__op", "__source_lsn", "__source_sequence", "interval")
    return [
        {**key, **dict(zip(names, change, strict=True)), "__source_ts_ms": 0, "__kafka_offset": offset}
        for offset, change in enumerate(changes)
    ]
