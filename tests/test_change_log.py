"""The comparison of change logs finds what a comparison of rows does not: doubled, lost, swapped and foreign changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import change_log
from tests.change_log import Change, Log, Writer, differences, prove, written

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.reading.archive import Archive


def quiet(_statement: str) -> None:
    """Accept every statement, as a database that never fails."""


def log(rounds: int = 12) -> Log:
    """Return the log of some rounds."""
    return written(quiet, "mark-", rounds).log


def copied(of: Log) -> Log:
    """Return the same changes as the archive would store them."""
    return {key: list(changes) for key, changes in of.items()}


def test_a_round_inserts_changes_and_deletes() -> None:
    writer = written(quiet, "mark-")
    assert writer.counts == {"c": 12 + 60, "u": 11 + 10, "d": 3}
    assert writer.log["mark-0"] == [Change("c", "0"), Change("u", "1"), Change("u", "2"), Change("d", "2")]


@given(pick=st.integers(0), rounds=st.integers(4, 20))
def test_a_doubled_change_differs_wherever_it_is(pick: int, rounds: int) -> None:
    committed = log(rounds)
    found = copied(committed)
    key = sorted(found)[pick % len(found)]
    found[key].insert(pick % len(found[key]), found[key][pick % len(found[key])])
    (told,) = differences(committed, found)
    assert told.startswith(f"{key}: committed ")


@pytest.mark.parametrize(
    "changed",
    [
        lambda changes: changes[:1] + changes[2:],
        lambda changes: [changes[1], changes[0], *changes[2:]],
        lambda changes: changes[:-1],
        lambda changes: [*changes[:2], Change("u", "1"), *changes[3:]],
        lambda _changes: [],
    ],
    ids=["lost between others", "swapped", "last one lost", "another value", "all lost"],
)
def test_a_lost_swapped_or_altered_change_differs(changed: Callable[[list[Change]], list[Change]]) -> None:
    committed = log()
    assert len(differences(committed, {**copied(committed), "mark-0": changed(committed["mark-0"])})) == 1


def test_an_uncommitted_row_differs() -> None:
    assert differences(log(), {**log(), "mark-x": [Change("c", "0")]}) == ["mark-x: committed nothing, archived c0"]


class Broken:
    """A database whose connection breaks at each statement's first try, before or after its commit."""

    def __init__(self) -> None:
        """Start without statements."""
        self.asked: list[str] = []

    def __call__(self, statement: str) -> None:
        """Break at each new statement."""
        self.asked.append(statement)
        if self.asked.count(statement) == 1:
            raise psycopg.OperationalError


def test_a_statement_without_confirmation_is_repeated_and_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_log, "_RETRY_S", 0)
    broken = Broken()
    assert written(broken, "mark-").log == log()
    assert {broken.asked.count(statement) for statement in broken.asked} == {2}


def test_no_statement_changes_anything_when_it_is_run_again() -> None:
    """An inserted row conflicts, an updated one no longer has the old value, a deleted one no longer exists."""
    asked: list[str] = []
    written(asked.append, "mark-")
    for statement in asked:
        assert statement.endswith("ON CONFLICT DO NOTHING") or " AND last_name = '" in statement or statement.startswith("DELETE")


class Archived:
    """An archive that contains a log, in one partition."""

    def __init__(self, found: Log, closed: tuple[int, ...] = (0,)) -> None:
        """Store the log, and the partitions of the last rows."""
        self.found, self.closed = found, closed

    def query(self, _table: str, question: str, parameters: list[str]) -> list[dict[str, Any]]:
        """Answer the two queries."""
        if "DISTINCT" in question:
            return [{"number": number} for number in (self.closed if "last-" in parameters[0] else (0,))]
        return [
            {"email": key, "__op": change.operation, "last_name": change.value} for key, changes in self.found.items() for change in changes
        ]


def proof(found: Log, **more: Any) -> None:
    """Compare with the committed changes, without waiting."""
    prove(cast("Archive", Archived(found, **more)), Writer(quiet, "mark-", log()), 0)


def test_the_same_log_is_proof_enough() -> None:
    proof(log())


def test_an_extra_change_fails_at_once_and_a_missing_one_at_the_end() -> None:
    with pytest.raises(AssertionError, match=r"nobody committed.*\nmark-0: committed c0 u1 u2 d2, archived c0 u1 u2 d2 d2"):
        proof({**log(), "mark-0": [*log()["mark-0"], Change("d", "2")]})
    with pytest.raises(AssertionError, match=r"1 of 72 rows differ after 0 s:\nmark-0: committed c0 u1 u2 d2, archived c0 u2 d2"):
        proof({**log(), "mark-0": [Change("c", "0"), Change("u", "2"), Change("d", "2")]})


def test_a_partition_without_one_of_the_last_rows_is_no_proof() -> None:
    with pytest.raises(AssertionError, match=r"do not close the partitions \{0\}"):
        proof(log(), closed=())


def test_writing_ends_with_the_block_and_gives_what_was_committed() -> None:
    with change_log.writing(quiet, "mark-") as writer:
        writer.wait_for_rounds(3, 10)
    assert writer.counts["c"] >= 3 + 60
    assert writer.counts["u"] > 0
