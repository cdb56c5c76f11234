"""Rows of a measurement are distinguishable from all others and removed at its end."""

from __future__ import annotations

import fnmatch
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from bench import rows
from sandbox.progress import Progress
from settings.shop import SAMPLE_ROWS, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg


class Database:
    """A database that holds a number of measured rows and records the statements it runs."""

    def __init__(self, held: int = 0) -> None:
        """Hold this many rows."""
        self.held = held
        self.told: list[tuple[str, list[Any]]] = []

    def execute(self, statement: str, values: list[Any]) -> SimpleNamespace:
        """Record a statement; a DELETE removes rows."""
        self.told.append((statement.partition(" ")[0], values))
        gone = min(self.held, values[-1]) if statement.startswith("DELETE") else 0
        self.held -= gone
        return SimpleNamespace(rowcount=gone)

    @property
    def connection(self) -> psycopg.Connection[dict[str, Any]]:
        """The database under the type that callers expect."""
        return cast("psycopg.Connection[dict[str, Any]]", self)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    """Return the database behind all connections."""
    made = Database()

    @contextmanager
    def connect(_: object) -> Iterator[Database]:
        yield made

    monkeypatch.setattr(rows, "connect", connect)
    return made


def test_addresses_of_a_measurement_match_its_own_pattern_only() -> None:
    like = rows.pattern("%").replace("%", "*")
    assert fnmatch.fnmatch(rows.address("a1b2", 7), like)
    assert fnmatch.fnmatch(rows.address("a1b2", 7), rows.pattern("a1b2").replace("%", "*"))
    assert not fnmatch.fnmatch(rows.address("ffff", 7), rows.pattern("a1b2").replace("%", "*"))
    assert "bench.invalid" not in SAMPLE_ROWS


def test_the_rows_can_be_inserted_into_the_captured_table() -> None:
    (table,) = [table for table in TABLES if table.name == rows.TABLE]
    needed = {column.name for column in table.columns if not (column.nullable or column.default or column.identity)}
    assert needed == {"email", "first_name", "last_name"}


def test_every_row_is_in_exactly_one_batch() -> None:
    told = Database()
    rows.insert(told.connection, "mark", 1, 25_000)
    assert [tuple(values[-2:]) for _, values in told.told] == [(1, 10_000), (10_001, 20_000), (20_001, 25_000)]


def test_a_single_row_is_a_batch() -> None:
    told = Database()
    rows.insert(told.connection, "mark", 7, 7)
    assert [tuple(values[-2:]) for _, values in told.told] == [(7, 7)]


def test_rows_are_removed_until_there_are_none() -> None:
    told = Database(held=25_000)
    assert rows.remove(told.connection) == 25_000
    assert told.held == 0


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, ValueError])
def test_rows_are_removed_however_the_measurement_ends(database: Database, ended_by: type[BaseException]) -> None:
    def measurement() -> None:
        with rows.removed_after({}, Progress(quiet=True)):
            database.held = 5
            raise ended_by

    with pytest.raises(ended_by):
        measurement()
    assert database.held == 0


def test_rows_of_a_killed_run_are_removed_first(database: Database) -> None:
    database.held = 5
    with rows.removed_after({}, Progress(quiet=True)) as mark:
        assert database.held == 0
        assert mark.isalnum(), "neither % nor _ would be taken literally in a pattern"
