"""The values that PostgreSQL writes and those that a reader of the archive expects are the same; an altered one is seen."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row

from sandbox.faults import rows, transactions
from sandbox.faults.books import TABLES
from sandbox.faults.transactions import Block
from stack.settings.shop import TABLES as MODELS
from stack.specification.source.sql import table_sql
from tests.existing_database import server as servers
from tests.faults.test_load import TOUCH

if TYPE_CHECKING:
    from collections.abc import Iterator

    Rows = dict[str, list[dict[str, Any]]]

FIRST = rows.base(random.Random(1))  # noqa: S311 - no secret
TYPES = {"numeric(10,2)": "DECIMAL(10,2)", "timestamptz": "TIMESTAMP"}
PLACE = {"__op": "'u'", "__source_lsn": "5", "__kafka_partition": "0", "__kafka_offset": "1"}


@pytest.fixture(params=servers.SERVERS, scope="module")
def written(request: pytest.FixtureRequest) -> Iterator[Rows]:
    """Return what PostgreSQL has in each table after insertions, updates by versions 1 and 2, a COPY and changed keys."""
    with servers.running(request.param) as server:
        tables = "\n".join(table_sql(table) for table in MODELS)
        server.sql(f"{TOUCH};\n{tables}")
        with psycopg.connect(f"host={server.folder} port={server.port} user=postgres dbname=postgres", row_factory=dict_row) as connection:
            for place, versions in enumerate((0, 1, 2)):
                block = Block(FIRST + 100 * place, 10)
                steps = list(transactions.inserted(block, TABLES))
                steps += [transactions.updated(block, table) for table in TABLES for _ in range(versions)]
                steps += [transactions.moved(block, "order_items")]
                for step in steps:
                    connection.execute(step.statement)
            copied = transactions.copied(Block(FIRST + 900, 3))
            with connection.cursor() as cursor, cursor.copy(copied.statement) as copy:
                for row in copied.copied:
                    copy.write_row(row)
            connection.execute("INSERT INTO users (email, first_name, last_name) VALUES ('a@example.com', 'Of', 'others')")
            yield {table: connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in TABLES}


def read(table: str, found: list[dict[str, Any]], since: int = 0) -> list[tuple[Any, ...]]:
    """Return what a reader sees of rows in files."""
    (model,) = [model for model in MODELS if model.name == table]
    database = duckdb.connect()
    kinds = {column.name: TYPES.get(column.type, column.type) for column in model.columns}
    database.execute(f"CREATE TABLE kept ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
    for row in found:
        plain = [str(row[name]) if row[name] is not None and kind == "TIMESTAMP" else row[name] for name, kind in kinds.items()]
        database.execute(f"INSERT INTO kept VALUES ({', '.join('?' for _ in plain)})", plain)
    fixed = ", ".join(f"{value} AS {name}" for name, value in PLACE.items())
    return database.execute(f"WITH changes AS (SELECT *, {fixed} FROM kept) {rows.question(table)}", [since]).fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_both_ends_agree_on_every_value(written: Rows, table: str) -> None:
    found = read(table, written[table])
    ours = [row for row in written[table] if row["id"] >= FIRST]
    assert len(found) == len(ours) > 2
    assert all(sound for _, _, _, sound, *_ in found)
    assert {version for _, _, version, *_ in found} >= {0, 1, 2} - ({0} if table == "order_items" else set())
    numbers = {row["id"] - (rows.MOVED if row["id"] >= rows.MOVED else 0) for row in ours}
    assert {number for number, *_ in found} == numbers


@pytest.mark.parametrize(
    ("table", "column"),
    [("users", "first_name"), ("products", "description"), ("products", "category"), ("products", "price"), ("orders", "status")],
)
def test_an_altered_value_is_seen(written: Rows, table: str, column: str) -> None:
    row = next(row for row in written[table] if row["id"] >= FIRST)
    other = next(
        value for value in ("shipped", "cancelled", 77) if isinstance(value, str) == isinstance(row[column], str) and value != row[column]
    )
    ((_, _, _, sound, *_),) = read(table, [{**row, column: other}])
    assert not sound


def test_a_value_that_is_missing_is_seen(written: Rows) -> None:
    row = next(row for row in written["products"] if row["id"] >= FIRST)
    ((_, _, _, sound, *_),) = read("products", [{**row, "description": None}])
    assert not sound


def test_changes_before_the_run_do_not_count(written: Rows) -> None:
    assert read("users", written["users"], since=6) == []
