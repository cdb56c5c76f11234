"""The state of a table from its log equals the table, whatever has happened between the database and the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.views.dialects import DIALECTS
from pipeline.views.moment import Moment
from pipeline.views.states import known_state, state
from tests.views.histories import Database, Row, disturbed, read_again, record, stream
from tests.views.running import TYPES, answered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

DUCKDB = DIALECTS["duckdb"]
COLUMNS = tuple(TYPES)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def held(rows: Sequence[Row], text: str, columns: Sequence[str] = COLUMNS) -> dict[int, str]:
    """Return key and value of each row that a text finds, which finds no key twice."""
    found = answered(rows, text, columns)
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row["order"] for row in found}


def current(rows: Sequence[Row], columns: Sequence[str] = COLUMNS) -> dict[int, str]:
    """Return the current state by the text for a table with some columns."""
    return held(rows, known_state(DUCKDB, "changes", ("id",), columns), columns)


def life(chance: Random, database: Database) -> list[Row]:
    """Return the records of a connector that starts while transactions are open."""
    database.live(chance.randint(0, 40))
    # a snapshot waits for whoever truncates
    for transaction in [one for one in database.open if one.alone]:
        database.commit(transaction)
    database.clock += 1
    snapshot = (database.advance(), database.clock, dict(database.rows))
    database.live(chance.randint(0, 60))
    database.settle()
    return stream(database, snapshot, chance)


@OFTEN
@given(st.randoms(use_true_random=False))
def test_the_current_state_is_the_table(chance: Random) -> None:
    """With interleaved transactions, key changes, backfills, late copies, repeated copies and raised partitions."""
    database = Database(chance)
    records = life(chance, database)
    assert current(disturbed(records, 1, chance)) == database.rows


@OFTEN
@given(st.randoms(use_true_random=False))
def test_the_current_state_is_that_of_the_last_life_alone(chance: Random) -> None:
    """Even where the positions of the log begin anew, and rows were deleted unseen between two lives."""
    first, second = Database(chance), Database(chance, position=chance.choice([10, 5000]))
    rows = disturbed(life(chance, first), 1, chance)
    second.rows = dict(first.rows)
    for key in tuple(second.rows):
        if chance.random() < 0.5:
            del second.rows[key]
    records = life(chance, second)
    if records:
        assert current([*rows, *disturbed(records, 2, chance)]) == second.rows


@pytest.mark.full
@OFTEN
@given(st.randoms(use_true_random=False))
def test_the_state_at_a_time_is_the_table_at_that_time(chance: Random) -> None:
    database = Database(chance)
    records = life(chance, database)
    rows = disturbed(records, 1, chance)
    times = [(time, table) for _, time, table in database.past if records and time >= records[0]["__source_ts_ms"]]
    for time, table in times[:5] + times[-5:]:
        text = state(DUCKDB, "changes", ("id",), ("id", "order"), Moment(milliseconds=time))
        expected = {
            key: value for key, value in table.items() if any(row["id"] == key and row["__source_ts_ms"] <= time for row in records)
        }
        assert held(rows, text) == expected


def test_the_state_at_a_position_holds_the_transactions_committed_up_to_it() -> None:
    rows = placed(record("c", 1, "first", 100, None, 1), record("u", 1, "second", 200, 150, 2), record("c", 2, "waited", 190, 250, 3))
    for position, expected in {99: {}, 150: {1: "first"}, 199: {1: "first"}, 240: {1: "second"}, 260: {1: "second", 2: "waited"}}.items():
        assert held(rows, state(DUCKDB, "changes", ("id",), ("id", "order"), Moment(position=position))) == expected


def placed(*records: Row) -> list[Row]:
    """Return records in one partition, in their order."""
    return [{**row, "__epoch": None, "__kafka_partition": 0, "__kafka_offset": offset} for offset, row in enumerate(records)]


INSERTED = record("c", 1, "old", 100, 90, 1)
UPDATED = record("u", 1, "new", 120, 110, 2)
DELETED = record("d", 1, "new", 140, 130, 3)
TRUNCATED = record("t", 0, "", 115, 110, 2)
CASES: dict[str, tuple[list[Row], dict[int, str]]] = {
    "a late copy of an old change is old": ([INSERTED, UPDATED, INSERTED], {1: "new"}),
    "a late copy of a change does not bring back a deleted row": ([INSERTED, DELETED, UPDATED], {}),
    "an INSERT that waited for a deletion is newer than it, though its position is older": (
        [INSERTED, record("u", 1, "new", 120, 110, 2), record("d", 1, "new", 140, 110, 2), record("c", 1, "waited", 130, 150, 3)],
        {1: "waited"},
    ),
    "a transaction that was open while a backfill read its row is newer than what was read": (
        [INSERTED, read_again(1, "old", 150, 4), record("u", 1, "new", 120, 170, 5)],
        {1: "new"},
    ),
    "a transaction that was open during the first snapshot is newer than it": (
        [record("r", 1, "old", 200, None, 4), record("u", 1, "new", 120, None, 5)],
        {1: "new"},
    ),
    "what a backfill reads is older than the transaction that comes next": ([INSERTED, read_again(1, "old", 110, 4), UPDATED], {1: "new"}),
    "what a backfill reads is newer than the transaction before": ([INSERTED, UPDATED, read_again(1, "newest", 130, 4)], {1: "newest"}),
    "a later snapshot is newer than an earlier one": (
        [record("r", 1, "old", 100, None, 1), record("r", 1, "new", 150, None, 2)],
        {1: "new"},
    ),
    "a snapshot of a connector that was created anew is newer than changes before it": (
        [record("r", 1, "older", 50, None, 0), INSERTED, record("r", 1, "new", 150, None, 2)],
        {1: "new"},
    ),
    "of rows archived before the column existed, the first snapshot is oldest": (
        [
            {**record("u", 1, "new", 120, None, 5), "__source_sequence": None},
            {**record("r", 1, "old", 200, None, 4), "__source_sequence": None},
        ],
        {1: "new"},
    ),
    "a TRUNCATE removes the rows from before it": ([INSERTED, record("c", 2, "other", 105, 90, 1), TRUNCATED], {}),
    "a TRUNCATE arrives before what it removes": ([TRUNCATED, INSERTED], {}),
    "rows of a transaction that goes on after its TRUNCATE stay": ([INSERTED, TRUNCATED, UPDATED], {1: "new"}),
    "the key that stands for none in the mark of a TRUNCATE is a key like others": (
        [record("c", 0, "zero", 120, 115, 3), TRUNCATED],
        {0: "zero"},
    ),
    "a TRUNCATE removes what the first snapshot has read": ([record("r", 1, "old", 100, None, 1), TRUNCATED], {}),
    "a TRUNCATE removes nothing of a later snapshot": ([INSERTED, TRUNCATED, record("r", 1, "new", 150, None, 4)], {1: "new"}),
    "a TRUNCATE removes what a backfill has read before it": ([INSERTED, read_again(1, "old", 110, 2), TRUNCATED], {}),
    "a TRUNCATE removes nothing of what a backfill reads after it": ([TRUNCATED, read_again(1, "new", 130, 4)], {1: "new"}),
    "a late copy of an old change does not come back after a TRUNCATE": ([INSERTED, TRUNCATED, UPDATED, INSERTED], {1: "new"}),
    "rows archived before the column existed are older than later ones": (
        [UPDATED, {**INSERTED, "__source_sequence": None}],
        {1: "new"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_which_change_of_a_key_is_the_last(case: str) -> None:
    records, expected = CASES[case]
    assert current(placed(*records)) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        lambda row: row["__kafka_offset"],
        lambda row: row["__source_lsn"] or 0,
        lambda row: (row["__source_ts_ms"], row["__source_lsn"] or 0),
    ],
    ids=["by the offset", "by the position alone", "by the time of the commit"],
)
def test_simpler_orders_would_be_wrong(wrong: Callable[[Row], Any]) -> None:
    """Otherwise the cases above would prove nothing."""
    lasts = {case: max(placed(*records), key=wrong) for case, (records, _) in CASES.items()}
    found = {case: {} if row["__op"] == "d" else {row["id"]: row["order"]} for case, row in lasts.items()}
    assert any(found[case] != expected for case, (_, expected) in CASES.items())


@pytest.mark.full
@OFTEN
@given(st.randoms(use_true_random=False))
def test_a_table_that_is_older_than_the_columns_of_the_order_is_read_by_the_positions(chance: Random) -> None:
    """Of transactions that do not overlap, as the archive had them before."""
    database, records = Database(chance), []
    for _ in range(chance.randint(1, 20)):
        database.begin()
        for _ in range(3):
            database.change(database.open[0], chance.choice([1, 2, 3]))
        if chance.random() < 0.2:
            database.truncate(database.open[0])
        database.settle()
    records = stream(database, (0, 0, {}), chance)
    older = [name for name in COLUMNS if name not in ("__source_sequence", "__epoch")]
    assert current(disturbed([row for row in records if row["__op"] != "r"], 1, chance), older) == database.rows


def test_an_empty_log_is_an_empty_table() -> None:
    assert current([]) == {}
