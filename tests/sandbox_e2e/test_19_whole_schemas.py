"""Schemas as public samples and object-relational mappers have them, captured as they are: hundreds of random changes of each table.

What is expected is what triggers wrote of each change; rows of the archive are read by PyIceberg. Neither is how the program compares.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.images.random_changes import ENUMS, LOG, PLAIN, Maker, changed, expected, inserted, logged, row_of, since
from tests.images.whole_schemas import SHAPES
from tests.sandbox_e2e import existing_server
from tests.sandbox_e2e.existing_pipeline import Second, existing, stack_file
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.kubernetes import Kube
    from stack.settings.tables import Table

    Rows = Counter[tuple[str, str, tuple[object, ...]]]

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

SEED: Final = 19
ROWS, CHANGES, PIECE = 10, 300, 1500
TABLES: Final = 25
TIMEOUT_S: Final = 420.0
# One partition and one task, since each table, task and hour holds a file open
STREAMING: Final = {"topics": {"partitions": 1, "retentionMib": 32}, "connect": {"memoryMib": 1400, "jvm": {"heapMib": 800}}}


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a pipeline of every schema, of which nothing is declared by hand, not started yet."""
    schema = "".join(f"CREATE SCHEMA {name}; SET search_path = {name}; {shape}" for name, shape in SHAPES.items())
    with existing(kube, tmp_path_factory.mktemp("second"), schema) as made:
        made.schemas = tuple(SHAPES)
        made.let_in()
        config = stack_file(made.tables)["config"]
        made.sections = {
            "data-ingestion:streaming": config["data-ingestion:streaming"] | STREAMING,
            "data-ingestion:archive": config["data-ingestion:archive"] | {"tasks": 1},
        }
        made.write()
        done = made.list_tables()
        assert done.returncode == 0, done.stdout + done.stderr
        made.make_ready()
        sql(LOG + "".join(map(logged, made.captured)))
        yield made


def sql(script: str) -> str:
    """Run statements as the administrator, with values spelt as in the source's session."""
    return existing_server.psql(PLAIN + script, "shop")


@pytest.fixture(scope="module")
def makers(second: Second) -> dict[str, Maker]:
    """Return what makes values for each table."""
    labels = json.loads(sql(ENUMS))
    return {table.archive_name: Maker(SEED + number, labels) for number, table in enumerate(second.captured)}


def told(tables: Mapping[str, Table], *, read: int) -> Rows:
    """Return the rows that the triggers' log gives, of which the first ones were read by the snapshot: table, operation, values."""
    found: Rows = Counter()
    for line in sql(since(0)).splitlines():
        number, name, op, old, new = json.loads(line)
        rows = [("r", row_of(tables[name], new))] if number <= read else expected(tables[name], op, old, new)
        found.update((name, *row) for row in rows)
    return found


def number(second: Second) -> int:
    """Return how many rows all tables of the archive have."""
    snapshots = [second.archive().table(table.archive_name).current_snapshot() for table in second.captured]
    return sum(int((one.summary or {})["total-records"]) for one in snapshots if one)


def archived(second: Second) -> Rows:
    """Return the rows of every table of the archive."""
    archive = second.archive()
    found: Rows = Counter()
    for table in second.captured:
        for row in archive.table(table.archive_name).scan().to_arrow().to_pylist():
            texts = {column.name: text(row[column.name]) for column in table.columns}
            found[table.archive_name, row["__op"], row_of(table, texts)] += 1
    return found


def text(value: Any) -> str | None:
    """Return a value of Arrow as PostgreSQL writes it."""
    kinds: tuple[tuple[type, Callable[[Any], str]], ...] = (
        (bool, lambda one: str(one).lower()),
        (bytes, lambda one: f"\\x{one.hex()}"),
        (Decimal, lambda one: format(one, "f")),
        (datetime, lambda one: one.isoformat(sep=" ")),
        (date, lambda one: one.isoformat()),
    )
    return None if value is None else next((write(value) for kind, write in kinds if isinstance(value, kind)), str(value))


def test_hundreds_of_random_changes_of_each_table_of_whole_schemas_are_archived_as_postgresql_wrote_them(
    second: Second, makers: dict[str, Maker]
) -> None:
    tables = {table.archive_name: table for table in second.captured}
    assert len(tables) == TABLES
    sql("".join(inserted(table, makers[name]) for name, table in tables.items() for _ in range(ROWS)))
    read = int(sql("SELECT max(id) FROM seen.log;"))
    second.up()
    until("the snapshot is not archived", lambda: number(second) >= read, TIMEOUT_S)
    order = [name for name in tables for _ in range(CHANGES)]
    makers[order[0]].random.shuffle(order)
    for start in range(0, len(order), PIECE):
        sql("".join(changed(tables[name], makers[name]) for name in order[start : start + PIECE]))
    wanted = told(tables, read=read)
    assert wanted.total() > len(order) * 0.9
    until("rows are missing", lambda: number(second) >= wanted.total(), TIMEOUT_S)
    there = archived(second)
    assert sorted(map(repr, wanted - there))[:3] == []
    assert sorted(map(repr, there - wanted))[:3] == []
    second.wait_until_equal(TIMEOUT_S)
