"""Each engine, run for real, reads from the archive what the database holds: by the text of its dialect, and as all others do.

The texts for Athena are run by Trino, which Athena's engine is made from; Athena itself runs in AWS alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.readers.answers import ENGINES
from tests.readers.archives import VALUE, Told, committed_by, plain, told
from tests.readers.views_of import CURRENT, PLAIN, POSITION, PRESENT, TIME, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.readers.answers import Answers

pytestmark = pytest.mark.readers
TOLD = told()


@pytest.fixture(params=list(ENGINES))
def answered(request: pytest.FixtureRequest, answers: Callable[[str], Answers]) -> Answers:
    """Return the answers of one engine."""
    return answers(request.param)


def differing(answered: Answers, kind: str, expected: Mapping[str, Mapping[int, str]]) -> dict[str, Any]:
    """Return what an engine says of each table whose rows it does not find, each once."""
    found = {}
    for name, rows in expected.items():
        answer = answered[f"{kind}/{name}"]
        if isinstance(answer, str) or sorted((row["id"], row[VALUE]) for row in answer) != sorted(rows.items()):
            found[name] = answer
    return found


def rows_of(answer: list[dict[str, Any]] | str) -> list[dict[str, Any]]:
    """Return the rows of an answer that has some."""
    assert not isinstance(answer, str), answer
    return answer


def of(kind: str) -> list[Told]:
    """Return the tables that have a view of a kind."""
    names = {view.table.name for view in wanted(TOLD) if view.kind == kind}
    return [one for one in TOLD if one.name in names]


@pytest.mark.parametrize("kind", [CURRENT, PLAIN, PRESENT])
def test_the_current_state_is_the_table(answered: Answers, kind: str) -> None:
    assert differing(answered, kind, {one.name: one.table for one in of(kind)}) == {}


def test_the_state_at_a_time_is_the_table_at_that_time(answered: Answers) -> None:
    held = {one.name: next(rows for time, rows in reversed(one.past) if time <= one.moment) for one in of(TIME)}
    assert differing(answered, TIME, held) == {}


def test_the_state_at_a_position_is_that_of_the_rules_without_sql(answered: Answers) -> None:
    assert differing(answered, POSITION, {one.name: plain(one.rows, until=committed_by(one.position)) for one in of(POSITION)}) == {}


@pytest.mark.parametrize("kind", [CURRENT, PLAIN])
def test_names_that_are_reserved_words_and_decimal_keys_are_read(answered: Answers, kind: str) -> None:
    found = rows_of(answered[f"{kind}/partition"])
    assert [(row["range"], float(row["timestamp"]), row["interval"]) for row in found] == [(1, 2.5, 'it\'s "second"')]


@pytest.mark.parametrize("engine", [engine for engine in ENGINES if engine != "duckdb"])
def test_every_engine_says_the_same_of_the_last_change_of_every_row(engine: str, answers: Callable[[str], Answers]) -> None:
    """Also commit time, position and epoch, which the database does not tell."""
    columns = ("id", VALUE, "__source_ts_ms", "__source_lsn", "__epoch")

    def told_by(answered: Answers) -> dict[str, list[list[str]]]:
        keys = [view.key for view in wanted(TOLD) if view.table.name != "partition"]
        return {key: sorted([str(row[name]) for name in columns] for row in rows_of(answered[key])) for key in keys}

    assert told_by(answers(engine)) == told_by(answers("duckdb"))


def test_the_rules_without_sql_find_the_tables() -> None:
    """Otherwise a state at a position would prove nothing."""
    assert {one.name: plain(one.rows) for one in TOLD} == {one.name: one.table for one in TOLD}
    assert sum(len(one.table) for one in TOLD) > 40
    assert {row["__op"] for one in TOLD for row in one.rows} == {"r", "c", "u", "d", "t"}
