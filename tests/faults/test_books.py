"""A fault that is planted in the books is found, by name, and nothing else is."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from sandbox.faults.books import Arrival, Books, Change, Verdict

Plant = Callable[[list[Arrival]], list[Arrival]]

SOUND = True
LIFE = (("c", 0), ("u", 1), ("u", 2), ("d", 2))


def changes(row: int, life: tuple[tuple[str, int], ...] = LIFE) -> list[Change]:
    return [Change("users", row, operation, version) for operation, version in life]


def arrivals(row: int, *, partition: int = 0) -> list[Arrival]:
    return [Arrival(change, SOUND, 1000 * row + place, row, partition, 10 * row + place) for place, change in enumerate(changes(row))]


def judged(books: Books, arrived: list[Arrival]) -> Verdict:
    fence = books.fence()
    books.arrive(arrived)
    return books.verdict(books.behind(fence))


@pytest.fixture
def books() -> Books:
    """Return books of five rows from their insertion to their deletion."""
    made = Books()
    for row in range(1, 6):
        made.commit(changes(row))
    return made


def all_rows() -> list[Arrival]:
    return [arrival for row in range(1, 6) for arrival in arrivals(row)]


def test_changes_that_are_each_archived_once_are_sound(books: Books) -> None:
    verdict = judged(books, all_rows())
    assert verdict.wrong == {}
    assert verdict.checked == 20
    assert str(verdict) == "20 changes, each once and in order"


def test_files_may_be_read_in_any_order(books: Books) -> None:
    shuffled = all_rows()
    random.Random(3).shuffle(shuffled)  # noqa: S311 - no secret
    assert judged(books, shuffled).wrong == {}


def without(place: int) -> Plant:
    return lambda arrived: [*arrived[:place], *arrived[place + 1 :]]


def again(place: int) -> Plant:
    """Repeat a change, as a source that writes it once more: its position in the log is the same, its offset is not."""
    return lambda arrived: [*arrived, arrived[place]._replace(offset=999)]


def altered(place: int) -> Plant:
    return lambda arrived: [*arrived[:place], arrived[place]._replace(sound=False), *arrived[place + 1 :]]


def swapped(place: int) -> Plant:
    def plant(arrived: list[Arrival]) -> list[Arrival]:
        first, second = arrived[place], arrived[place + 1]
        return [*arrived[:place], first._replace(offset=second.offset), second._replace(offset=first.offset), *arrived[place + 2 :]]

    return plant


def invented(row: int) -> Plant:
    return lambda arrived: [*arrived, arrived[0]._replace(change=Change("users", row, "c", 0))]


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (without(5), {"missing": ("users 2 u1",)}),
        (without(19), {"missing": ("users 5 d2",)}),
        (again(6), {"twice": ("users 2 u2",)}),
        (altered(4), {"altered": ("users 2 c0",)}),
        (swapped(5), {"out of order": ("users 2 u2",)}),
        (invented(77), {"never committed": ("users 77 c0",)}),
    ],
)
def test_a_planted_fault_is_found_by_name_and_nothing_else_is(books: Books, plant: Plant, found: dict[str, tuple[str, ...]]) -> None:
    assert judged(books, plant(all_rows())).wrong == found


def test_a_change_that_comes_again_after_its_row_has_ended_is_found(books: Books) -> None:
    assert judged(books, all_rows()).wrong == {}
    assert judged(books, [arrivals(4)[1]]).wrong == {"twice": ("users 4 u1",)}


def test_a_fault_is_named_once_and_not_after_every_later_one(books: Books) -> None:
    assert judged(books, without(5)(all_rows())).wrong == {"missing": ("users 2 u1",)}
    books.commit(changes(9))
    assert judged(books, arrivals(9)).wrong == {}


def test_changes_after_the_fence_are_not_missed_yet(books: Books) -> None:
    fence = books.fence()
    books.commit(changes(6))
    books.arrive(all_rows())
    assert books.verdict(books.behind(fence)).wrong == {}


def test_a_fence_is_behind_until_its_last_change_has_come(books: Books) -> None:
    fence = books.fence()
    books.arrive(all_rows()[:-1])
    assert books.behind(fence) == {("users", 5): 4}
    books.arrive(all_rows()[-1:])
    assert books.behind(fence) == {}


def test_a_change_that_came_twice_does_not_stand_for_a_missing_one(books: Books) -> None:
    arrived = without(5)(all_rows())
    verdict = judged(books, [*arrived, arrived[4]._replace(offset=999)])
    assert verdict.wrong == {"missing": ("users 2 u1",), "twice": ("users 2 c0",)}


def test_a_changed_key_is_a_deletion_and_an_insertion_at_one_position() -> None:
    books = Books()
    books.commit(changes(1, (("c", 0), ("d", 0), ("c", 1))))
    first, gone, come = (
        Arrival(change, SOUND, position, 1, 0, 5)
        for change, position in zip(changes(1, (("c", 0), ("d", 0), ("c", 1))), (1, 2, 2), strict=True)
    )
    moved = [first, gone._replace(offset=6), come._replace(key=700_000_001, partition=4, offset=2)]
    assert judged(books, moved).wrong == {}
