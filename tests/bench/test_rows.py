"""Rows of a measurement are distinguishable from all others and removed at its end."""

from __future__ import annotations

import fnmatch
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.checks.progress import Progress
from sandbox.bench import rows
from sandbox.bench.figures import FiguresError
from stack.settings.shop import SAMPLE_ROWS, TABLES
from stack.settings.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg
    from psycopg import sql


USERS = rows.chosen(TABLES)


class Database:
    """A database that holds a number of measured rows and records the statements it runs."""

    def __init__(self, held: int = 0) -> None:
        """Hold this many rows."""
        self.held = held
        self.told: list[tuple[str, list[Any]]] = []

    def execute(self, statement: sql.Composed, values: list[Any]) -> SimpleNamespace:
        """Record a statement; a DELETE removes rows."""
        self.told.append((statement.as_string(None).partition(" ")[0], values))
        gone = min(self.held, values[-1]) if self.told[-1][0] == "DELETE" else 0
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
    assert (USERS.table.name, USERS.marker.name) == ("users", "email")
    assert [column.name for column in USERS.constants] == ["first_name", "last_name"]
    told = Database()
    rows.insert(told.connection, USERS, "mark", 1, 1)
    assert told.told == [("INSERT", ["mark", "bench.invalid", "made up 1", "made up 1", 1, 1])]


def test_a_table_of_any_name_is_measured_if_its_rows_may_differ_in_a_text_only() -> None:
    key = Column(name="id", type="bigint", identity=True)
    note = Column(name="note", type="text", nullable=True)
    chosen = Table(name="chosen", columns=(key, note, Column(name="amount", type="numeric(9,2)")))
    others = (
        Table(name="numbers", columns=(key, Column(name="amount", type="real"))),
        Table(name="short", columns=(key, Column(name="code", type="varchar(8)"))),
        Table(name="checked", columns=(key, Column(name="note", type="text", constraint="CHECK (length(note) < 5)"))),
        Table(name="counted", columns=(Column(name="id", type="bigint"), note)),
        Table(name="child", columns=(key, note, Column(name="parent", type="bigint", constraint="REFERENCES numbers"))),
    )
    assert rows.chosen([*others, chosen]) == rows.Measured(chosen, note)
    with pytest.raises(FiguresError, match=r"none of public.numbers, .*public.child can be measured"):
        rows.chosen(others)


def test_every_row_is_in_exactly_one_batch() -> None:
    told = Database()
    rows.insert(told.connection, USERS, "mark", 1, 25_000)
    assert [tuple(values[-2:]) for _, values in told.told] == [(1, 10_000), (10_001, 20_000), (20_001, 25_000)]


def test_a_single_row_is_a_batch() -> None:
    told = Database()
    rows.insert(told.connection, USERS, "mark", 7, 7)
    assert [tuple(values[-2:]) for _, values in told.told] == [(7, 7)]


def test_rows_are_removed_until_there_are_none() -> None:
    told = Database(held=25_000)
    assert rows.remove(told.connection, USERS) == 25_000
    assert told.held == 0


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, ValueError])
def test_rows_are_removed_however_the_measurement_ends(database: Database, ended_by: type[BaseException]) -> None:
    def measurement() -> None:
        with rows.removed_after({}, USERS, Progress(quiet=True)):
            database.held = 5
            raise ended_by

    with pytest.raises(ended_by):
        measurement()
    assert database.held == 0


def test_rows_of_a_killed_run_are_removed_first(database: Database) -> None:
    database.held = 5
    with rows.removed_after({}, USERS, Progress(quiet=True)) as mark:
        assert database.held == 0
        assert mark.isalnum(), "neither % nor _ would be taken literally in a pattern"
