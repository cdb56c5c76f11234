"""Some changes to the captured tables, and the proof that they arrived: the archive's rows per table and operation, read with DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table as Grid

from pipeline.checks.terminal import console as output
from pipeline.reading.archive import Archive
from sandbox import made_up_rows
from sandbox.equality import connect, wait_until_equal
from sandbox.stack_settings import captured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from pipeline.checks.progress import Progress
    from stack.settings.tables import Table

_TIMEOUT_S = 180
_OPERATIONS = {"r": "snapshot", "c": "inserted", "u": "updated", "d": "deleted"}


def change_rows(outputs: Mapping[str, Any], tables: Sequence[Table]) -> dict[str, str]:
    """Insert, update and delete a few rows of each table as the application would.

    Args:
        outputs: The stack's outputs.
        tables: The captured tables, parents before children.

    Returns:
        Qualified names of tables that take no made-up rows, and why.
    """
    with connect(outputs) as connection:
        refused = {table.qualified: made_up_rows.change(connection, table, tables) for table in tables}
    return {name: reason for name, reason in refused.items() if reason is not None}


def show_archive(archive: Archive, tables: Sequence[Table], console: Console) -> bool:
    """Print the archive's rows per table and operation.

    Returns:
        Whether no change is there twice; a table that nobody has written to has none.
    """
    grid = Grid(title="In the archive, read with DuckDB from the Parquet files of the Iceberg tables", title_justify="left")
    grid.add_column("table", no_wrap=True)
    for title in ("files", *_OPERATIONS.values(), "rows", "twice"):
        grid.add_column(title, justify="right")
    doubled = []
    for table in tables:
        counts = archive.operations(table.archive_name)
        twice = archive.duplicates(table.archive_name, table.primary_key)
        total = sum(counts.values())
        doubled += [f"{table.qualified}: {twice}"] if twice else []
        cells = (len(archive.files(table.archive_name).paths), *(counts.get(operation, 0) for operation in _OPERATIONS), total, twice)
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
    tables = captured(outputs)
    with progress.step("Changing some rows"):
        refused = change_rows(outputs, tables)
    for name, reason in refused.items():
        progress.note(
            f"Nothing was changed in {name}, which takes no made-up rows ({reason}); the rows that it has are compared like all others"
        )
    archive = Archive(outputs)
    with progress.step("Waiting until the archive equals the database") as step:
        wait_until_equal(outputs, archive, tables, _TIMEOUT_S, step)
    return show_archive(archive, tables, output())
