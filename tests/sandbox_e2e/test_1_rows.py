"""Every kind of change reaches the archive as it was, and nothing reaches it twice."""

from __future__ import annotations

import datetime as dt
import secrets
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest

from sandbox.equality import wait_until_equal
from stack.settings.shop import TABLES
from stack.settings.tables import METADATA_COLUMNS, PARTITION_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from pipeline.reading.archive import Archive

pytestmark = pytest.mark.sandbox

TIMEOUT_S = 120.0
LATEST = dt.timedelta(minutes=10)
"""Tolerance between a change's capture and its record in Kafka, with a broker away."""
LONG_TEXT = "all work and no play makes a long text " * 2500  # about 100 kB: stored out of line (TOAST)


def _one(connection: psycopg.Connection[dict[str, Any]], query: str, *values: object) -> dict[str, Any]:
    row = connection.execute(query, values).fetchone()  # type: ignore[call-overload]
    assert row is not None
    return row


def _add_user(connection: psycopg.Connection[dict[str, Any]], mark: str) -> int:
    insert = "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Emmy', 'Noether') RETURNING id"
    row = _one(connection, insert, f"{mark}@example.com")
    return int(row["id"])


def _changes(archive: Archive, table: str, key: int) -> list[dict[str, Any]]:
    return archive.query(table, "SELECT * FROM changes WHERE id = ? ORDER BY __kafka_offset", [key])


def test_the_sample_rows_were_read_by_the_first_snapshot(archive: Archive) -> None:
    for table in TABLES:
        assert archive.operations(table.name).get("r", 0) > 0, table.name


def test_insert_update_and_delete_arrive_in_order_with_the_values_of_each_moment(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    key = _add_user(database, mark)
    database.execute("UPDATE users SET last_name = 'Bourbaki' WHERE id = %s", [key])
    database.execute("DELETE FROM users WHERE id = %s", [key])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    _wait_for(archive, "users", key, 3)
    changes = _changes(archive, "users", key)
    assert [change["__op"] for change in changes] == ["c", "u", "d"]
    assert [change["last_name"] for change in changes] == ["Noether", "Bourbaki", "Bourbaki"]
    assert [change["__deleted"] for change in changes] == ["false", "false", "true"]
    assert changes[2]["email"] == f"{mark}@example.com", "a deleted row keeps its last true values"
    assert changes[1]["updated_at"] > changes[0]["updated_at"], "the trigger keeps updated_at current"


def _wait_for(archive: Archive, table: str, key: int, number: int) -> None:
    import time  # noqa: PLC0415 - this wait alone needs a clock

    deadline = time.monotonic() + TIMEOUT_S
    while len(_changes(archive, table, key)) < number:
        assert time.monotonic() < deadline, f"{table} {key} has not reached {number} changes in {TIMEOUT_S} s"
        time.sleep(1)


def test_null_decimal_timestamp_and_long_text_survive_to_the_last_digit(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    product = _one(
        database,
        "INSERT INTO products (name, description, price, stock_quantity, category) VALUES (%s, %s, 12345678.90, 0, NULL) RETURNING *",
        mark,
        LONG_TEXT,
    )
    # touches the row and not its long text: without the whole old row in the log the archive would get a placeholder
    database.execute("UPDATE products SET price = 0.01 WHERE id = %s", [product["id"]])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    first, second = _changes(archive, "products", product["id"])
    assert first["price"] == Decimal("12345678.90")
    assert second["price"] == Decimal("0.01")
    assert first["description"] == second["description"] == LONG_TEXT
    assert first["category"] is None
    assert first["stock_quantity"] == 0
    assert first["created_at"] == product["created_at"]
    assert first["created_at"].tzinfo is not None


def test_a_row_of_three_and_a_half_megabytes_arrives_whole(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    """Text that hardly compresses, within the largest row that the stack takes (`streaming.topics.maxRecordMib`); Kafka's own is 1 MiB."""
    text = secrets.token_hex(1_750_000)
    product = _one(database, "INSERT INTO products (name, description, price) VALUES (%s, %s, 1.00) RETURNING id", mark, text)["id"]
    database.execute("UPDATE products SET price = 2.00 WHERE id = %s", [product])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert [row["description"] == text for row in _changes(archive, "products", product)] == [True, True]
    database.execute("DELETE FROM products WHERE id = %s", [product])


def test_a_cascade_archives_the_children_too(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    user = _add_user(database, mark)
    product = _one(database, "INSERT INTO products (name, price) VALUES (%s, 1.00) RETURNING id", mark)["id"]
    order = _one(database, "INSERT INTO orders (user_id, total_amount) VALUES (%s, 2.00) RETURNING id", user)["id"]
    insert = "INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES (%s, %s, 2, 1.00) RETURNING id"
    item = _one(database, insert, order, product)["id"]
    database.execute("DELETE FROM users WHERE id = %s", [user])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    for table, key in (("orders", order), ("order_items", item)):
        _wait_for(archive, table, key, 2)
        last = _changes(archive, table, key)[-1]
        assert last["__op"] == "d", table
    assert _changes(archive, "orders", order)[-1]["total_amount"] == Decimal("2.00")


def test_two_thousand_rows_are_equal_by_key_and_value_without_duplicates(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str
) -> None:
    database.execute(
        "INSERT INTO users (email, first_name, last_name) "
        "SELECT %s || number, 'Bulk', number::text FROM generate_series(1, 2000) AS number",
        [mark],
    )
    database.execute("UPDATE users SET first_name = 'Moved' WHERE email LIKE %s AND id %% 3 = 0", [f"{mark}%"])
    database.execute("DELETE FROM users WHERE email LIKE %s AND id %% 5 = 0", [f"{mark}%"])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert {table.name: archive.duplicates(table.name, table.primary_key) for table in TABLES} == {table.name: 0 for table in TABLES}


def test_each_file_lies_in_the_hour_in_which_its_rows_were_captured(archive: Archive) -> None:
    """The path's hour is the record's in Kafka; a record is written soon after Debezium has read its change (`__ts_ms`)."""
    for table in TABLES:
        files, opened = archive.files(table.name), archive.table(table.name).io
        assert files.paths
        for path in files.paths:
            hour = tuple(part.partition("=")[::2] for part in path.split("/") if "=" in part)
            assert tuple(name for name, _number in hour) == PARTITION_COLUMNS
            assert f"/topics/postgres.public.{table.name}/year=" in path
            written = "-".join(number for _name, number in hour)
            begins = dt.datetime.strptime(f"{written} +0000", "%Y-%m-%d-%H %z")
            assert written == f"{begins:%Y-%m-%d-%H}", "padded with zeros"
            with opened.new_input(path).open() as file:
                rows = pyarrow.parquet.read_table(file, columns=[*PARTITION_COLUMNS, "__ts_ms"]).to_pylist()
            assert rows
            for row in rows:
                assert tuple((name, row[name]) for name in PARTITION_COLUMNS) == hour, path
                captured = dt.datetime.fromtimestamp(row["__ts_ms"] / 1000, dt.UTC)
                assert begins - LATEST <= captured < begins + dt.timedelta(hours=1), f"{path} holds a row captured at {captured}"


def test_each_row_carries_where_it_came_from(archive: Archive) -> None:
    names = [name for name, _ in METADATA_COLUMNS]
    rows = archive.query("users", f"SELECT {', '.join(names)} FROM changes WHERE __op <> 'r'")
    assert rows
    for row in rows:
        assert all(row[name] is not None for name in names), row
    assert {row["__topic"] for row in rows} == {"postgres.public.users"}


def test_a_quiet_table_is_flushed_without_a_further_row(archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str) -> None:
    product = _one(database, "INSERT INTO products (name, price) VALUES (%s, 3.00) RETURNING id", mark)["id"]
    _wait_for(archive, "products", product, 1)


def test_a_new_column_reaches_the_archive(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str, owner_sql: Callable[[str], str]
) -> None:
    owner_sql("SET ROLE app_owner; ALTER TABLE products ADD COLUMN IF NOT EXISTS supplier text")
    key = _one(database, "INSERT INTO products (name, price, supplier) VALUES (%s, 4.00, %s) RETURNING id", mark, f"from {mark}")["id"]
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert _changes(archive, "products", key)[0]["supplier"] == f"from {mark}"
    assert "supplier" in archive.files("products").columns
