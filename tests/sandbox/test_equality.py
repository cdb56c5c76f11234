"""The comparison that decides whether the pipeline works: it must find and name every difference."""

from __future__ import annotations

import copy
import datetime as dt
import io
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.progress import Progress
from sandbox import connectors, equality
from sandbox.connectors import ConnectorFailedError
from stack.settings.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.archive import Archive

BOOKS = Table(
    name="books", columns=(Column(name="id", type="integer"), Column(name="title", type="text"), Column(name="price", type="numeric(10,2)"))
)

values = st.none() | st.text(max_size=5) | st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.datetimes() | st.booleans()
tables = st.dictionaries(st.integers(0, 20), st.fixed_dictionaries({"title": values, "price": values}), min_size=1, max_size=6)


def archived(rows: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the same rows as the archive shows them, with its own columns."""
    return {key: {**copy.deepcopy(row), "__op": "c", "year": "2026"} for key, row in rows.items()}


@given(tables)
def test_equal_rows_are_equal_despite_the_archives_added_columns(rows: dict[int, dict[str, Any]]) -> None:
    assert equality.differences(BOOKS, rows, archived(rows)) == []


@pytest.mark.parametrize("nan", [float("nan"), Decimal("NaN")])
def test_no_number_is_the_same_as_itself_and_differs_from_a_number(nan: object) -> None:
    assert equality.differences(BOOKS, {1: {"price": nan}}, {1: {"price": type(nan)("nan")}}) == []  # type: ignore[call-arg]
    assert len(equality.differences(BOOKS, {1: {"price": nan}}, {1: {"price": 1}})) == 1
    assert len(equality.differences(BOOKS, {1: {"price": 1}}, {1: {"price": nan}})) == 1


@given(rows=tables, pick=st.integers(0))
def test_a_lost_row_is_seen(rows: dict[int, dict[str, Any]], pick: int) -> None:
    there = archived(rows)
    key = sorted(rows)[pick % len(rows)]
    del there[key]
    (found,) = equality.differences(BOOKS, rows, there)
    assert str(found) == f"books {key}: is in the database and not in the archive"


@given(rows=tables, pick=st.integers(0))
def test_a_row_that_should_be_gone_is_seen(rows: dict[int, dict[str, Any]], pick: int) -> None:
    there = archived(rows)
    key = sorted(rows)[pick % len(rows)]
    del rows[key]
    (found,) = equality.differences(BOOKS, rows, there)
    assert (found.key, found.text) == (key, "is in the archive and not in the database")


@given(rows=tables, pick=st.integers(0), column=st.sampled_from(["title", "price"]), other=values)
def test_a_changed_value_is_seen_and_no_other(rows: dict[int, dict[str, Any]], pick: int, column: str, other: object) -> None:
    there = archived(rows)
    key = sorted(rows)[pick % len(rows)]
    there[key][column] = other
    found = equality.differences(BOOKS, rows, there)
    if other == rows[key][column]:
        assert found == []
    else:
        assert [(item.key, item.text) for item in found] == [
            (key, f"{column} is {rows[key][column]!r} in the database and {other!r} in the archive")
        ]


@pytest.mark.parametrize(
    ("true", "false"),
    [
        (None, ""),
        (None, 0),
        (Decimal("10.00"), Decimal("10.01")),
        (dt.datetime(2026, 11, 21, 9, tzinfo=dt.UTC), dt.datetime(2026, 11, 21, 9, 0, 0, 1, tzinfo=dt.UTC)),
        ("a" * 10_000, "__debezium_unavailable_value"),
    ],
    ids=["NULL and empty", "NULL and zero", "a cent", "a microsecond", "a long text"],
)
def test_what_pipelines_get_wrong_is_a_difference(true: object, false: object) -> None:
    assert len(equality.differences(BOOKS, {1: {"title": true}}, {1: {"title": false}})) == 1


def test_one_moment_in_two_zones_is_equal() -> None:
    """Psycopg returns times in the server's zone, DuckDB in UTC."""
    noon = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    elsewhere = noon.astimezone(dt.timezone(dt.timedelta(hours=9)))
    assert equality.differences(BOOKS, {1: {"title": noon}}, {1: {"title": elsewhere}}) == []


def test_all_wrong_columns_of_a_row_stand_in_one_line() -> None:
    (found,) = equality.differences(BOOKS, {1: {"title": "a", "price": 1}}, {1: {"title": "b", "price": 2}})
    assert found.text.count(";") == 1


class Moments:
    """A comparison that improves from call to call."""

    def __init__(self, *counts: int) -> None:
        """Set the number of differing rows at each call; the last one repeats."""
        self.counts = list(counts)

    def __call__(self, *_: object) -> list[equality.Difference]:
        """Compare once."""
        count = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        return [equality.Difference("books", key, "is late") for key in range(count)]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll without pause, at running connectors."""
    monkeypatch.setattr(equality, "_POLL_S", 0.0)
    monkeypatch.setattr(connectors, "failures", lambda _: [])


def wait(timeout_s: float, **more: Any) -> float:
    """Wait with a comparison that needs no database."""
    return equality.wait_until_equal({}, cast("Archive", None), [BOOKS], timeout_s, **more)


@pytest.mark.usefixtures("no_pause")
def test_waiting_ends_when_all_rows_are_archived(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = Moments(3, 1, 0, 5)
    monkeypatch.setattr(equality, "compare", moments)
    assert 0 <= wait(60) < 60
    assert moments.counts == [5], "it looked again although all was there"


@pytest.mark.usefixtures("no_pause")
def test_a_wait_in_vain_reports_the_number_and_shows_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "compare", Moments(12))
    with pytest.raises(equality.DifferenceError, match=r"12 row\(s\) differ") as caught:
        wait(0.01)
    assert 3 <= str(caught.value).count("books ") < 12


@pytest.mark.usefixtures("no_pause")
def test_a_person_sees_what_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "compare", Moments(2, 0))
    shown = io.StringIO()
    with Progress(shown).step("Comparing") as step:
        wait(60, step=step)
    assert "waiting for 2 row(s) to reach the archive, for example books 0: is late" in " ".join(shown.getvalue().split())


@pytest.mark.usefixtures("no_pause")
def test_failed_tasks_end_the_wait_when_restarts_have_not_helped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "_FAILED_PATIENCE_S", 0.0)
    monkeypatch.setattr(equality, "compare", Moments(1))
    monkeypatch.setattr(connectors, "failures", lambda _: ["  sink, task 0: no such bucket"])
    with pytest.raises(ConnectorFailedError, match="no such bucket"):
        wait(60)


@pytest.mark.usefixtures("no_pause")
def test_failed_tasks_do_not_end_the_wait_while_rows_still_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equality, "_FAILED_PATIENCE_S", 0.0)
    monkeypatch.setattr(equality, "compare", Moments(4, 3, 2, 1, 0))
    monkeypatch.setattr(connectors, "failures", lambda _: ["  sink, task 0: restarting"])
    assert wait(60) < 60


class Rows:
    """A connection that answers every query with the same rows."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        """Store the rows."""
        self.rows = rows
        self.description = [SimpleNamespace(name=name) for name in rows[0]]

    def execute(self, _: object) -> Rows:
        """Return itself, which is what a query gives too."""
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Return the rows."""
        return iter(self.rows)


def test_values_are_compared_as_the_archives_readers_give_them() -> None:
    """Parquet keeps a UUID as text, and a number of single precision is not the decimal number that it is shown as."""
    known = Table(name="known", columns=(Column(name="id", type="uuid"), Column(name="share", type="real")))
    key = UUID(int=7)
    rows = equality.database_rows(cast("Any", Rows({"id": key, "share": 0.1})), known)
    there = {(str(key),): {"id": str(key), "share": 0.10000000149011612}}
    assert equality.differences(known, rows, there) == []


def test_rows_are_distinguished_by_all_parts_of_their_key() -> None:
    """By one part of the key alone, rows would replace each other on both sides alike."""
    pair = Table(name="pairs", columns=(Column(name="a", type="integer"), Column(name="b", type="integer")), primary_key=("a", "b"))
    rows = equality.database_rows(cast("Any", Rows({"a": 1, "b": 1}, {"a": 1, "b": 2})), pair)
    assert len(rows) == 2
