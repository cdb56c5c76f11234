"""Some changes to the shop, and the proof that they arrived: the archive's rows per table and operation, read with DuckDB."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid

from checks.terminal import console as output
from sandbox.archive import Archive
from sandbox.equality import connect, wait_until_equal
from settings.shop import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from sandbox.progress import Progress

_TIMEOUT_S = 180
_OPERATIONS = {"r": "snapshot", "c": "inserted", "u": "updated", "d": "deleted"}


def change_rows(outputs: Mapping[str, Any]) -> None:
    """Insert, update and delete a few rows as the application would."""
    mark = uuid.uuid4().hex[:8]
    with connect(outputs) as connection, connection.transaction():
        user = connection.execute(
            "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Barbara', 'Liskov') RETURNING id", [f"{mark}@example.com"]
        ).fetchone()
        guest = connection.execute(
            "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'A', 'Guest') RETURNING id", [f"{mark}-guest@example.com"]
        ).fetchone()
        product = connection.execute(
            "INSERT INTO products (name, description, price, category) VALUES (%s, NULL, 19.99, 'paper') RETURNING id",
            [f"Sketchbook {mark}"],
        ).fetchone()
        if user is None or guest is None or product is None:  # pragma: no cover - RETURNING gives a row or an error
            raise AssertionError
        order = connection.execute(
            "INSERT INTO orders (user_id, total_amount, shipping_address) VALUES (%s, 39.98, 'Cambridge, Massachusetts') RETURNING id",
            [user["id"]],
        ).fetchone()
        if order is None:  # pragma: no cover - as above
            raise AssertionError
        connection.execute(
            "INSERT INTO order_items (order_id, product_id, quantity, unit_price) VALUES (%s, %s, 2, 19.99)", [order["id"], product["id"]]
        )
        connection.execute("UPDATE products SET stock_quantity = stock_quantity + 10, price = price + 0.50 WHERE id = %s", [product["id"]])
        connection.execute("UPDATE orders SET status = 'shipped' WHERE id = %s", [order["id"]])
        connection.execute("DELETE FROM users WHERE id = %s", [guest["id"]])


def show_archive(archive: Archive, console: Console) -> bool:
    """Print the archive's rows per table and operation.

    Returns:
        Whether no change is there twice; a table that nobody has written to has none.
    """
    grid = Grid(title="In the archive, read with DuckDB from the Parquet files of the Iceberg tables", title_justify="left")
    grid.add_column("table", no_wrap=True)
    for title in ("files", *_OPERATIONS.values(), "rows", "twice"):
        grid.add_column(title, justify="right")
    doubled = []
    for table in TABLES:
        counts = archive.operations(table.name)
        twice = archive.duplicates(table.name)
        total = sum(counts.values())
        doubled += [f"{table.qualified}: {twice}"] if twice else []
        cells = (len(archive.files(table.name).paths), *(counts.get(operation, 0) for operation in _OPERATIONS), total, twice)
        grid.add_row(table.qualified, *map(str, cells))
    console.print(grid)
    if doubled:
        console.print(f"  ✗ changes that are in the archive twice: {', '.join(doubled)}")
    return not doubled


def prove(outputs: Mapping[str, Any], progress: Progress) -> bool:
    """Make some changes, wait until the archive holds exactly what the database holds, and show it.

    Returns:
        Whether the archive is right.
    """
    with progress.step("Changing some rows"):
        change_rows(outputs)
    archive = Archive(outputs)
    with progress.step("Waiting until the archive equals the database") as step:
        wait_until_equal(outputs, archive, TABLES, _TIMEOUT_S, step)
    return show_archive(archive, output())
