"""A change that is in the archive twice is counted, whoever has written it twice; changes that look alike are not."""

from __future__ import annotations

import duckdb
import pytest

from pipeline.reading.archive import repeated_changes

ROW = {"__epoch": 1, "__source_lsn": 100, "__op": "c", "id": 1, "part": "a", "__kafka_offset": 1}


def _counted(*rows: dict[str, object]) -> int:
    values = ", ".join(f"({', '.join('NULL' if value is None else repr(value) for value in row.values())})" for row in rows)
    names = ", ".join(f'"{name}"' for name in ROW)
    found = duckdb.connect().execute(f"WITH changes({names}) AS (VALUES {values}) {repeated_changes(('id', 'part'))}").fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize(
    "other",
    [{"id": 2}, {"part": "b"}, {"__op": "d"}, {"__source_lsn": 101}, {"__epoch": 2}],
    ids=[
        "another row of one COPY",
        "another key of two columns",
        "the deletion of an UPDATE of the key",
        "a later change of the row",
        "a change of another history at a position that the restored database has given again",
    ],
)
def test_changes_that_differ_in_one_part_of_their_identity_are_two_changes(other: dict[str, object]) -> None:
    assert _counted(ROW, {**ROW, **other, "__kafka_offset": 2}) == 0


def test_a_row_that_is_read_again_is_no_repetition_of_a_change() -> None:
    read = {**ROW, "__op": "r", "__source_lsn": None}
    assert _counted(ROW, {**read, "__kafka_offset": 2}, {**read, "__kafka_offset": 3}) == 0


@pytest.mark.parametrize("offset", [1, 2], ids=["by the sink", "by the source, under a new offset"])
def test_a_change_that_was_written_twice_is_counted_once_for_each_repetition(offset: int) -> None:
    assert _counted(ROW, {**ROW, "__kafka_offset": offset}) == 1
    assert _counted(ROW, {**ROW, "__kafka_offset": offset}, {**ROW, "__kafka_offset": 3}) == 2
