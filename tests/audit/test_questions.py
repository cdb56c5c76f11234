"""Questions about many rows are asked of some at a time, with the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.audit.conftest import row
from tests.audit.test_accounting import asked, named
from tests.audit.test_planted_faults import FAULTS, found, history, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.audit.conftest import Hops
    from tests.audit.test_planted_faults import History, Row


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.audit.questions._HASHED_AT_ONCE", 7)
    monkeypatch.setattr("pipeline.audit.questions._JOINED_AT_ONCE", 7)


def test_a_clean_table_is_clean_whatever_is_looked_at_at_a_time(hops: Hops, tmp_path: Path) -> None:
    assert asked(hops) == []
    assert found(history(0), tmp_path) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_planted_fault_is_found_by_looks_at_a_few_rows(fault: Callable[[History], Row], tmp_path: Path) -> None:
    made = history(5)
    broken = fault(made)
    assert any(names(one, broken) for one in found(made, tmp_path)), fault.__doc__


def test_one_wrong_offset_leaves_the_others_in_parts_of_about_the_same_size(hops: Hops) -> None:
    rows = [row(offset) for offset in range(20, 60)]
    hops.kafka += rows
    hops.logged += [(10**9, one) for one in rows]
    hops.archive.append([*rows, row(2**62, id=999, __source_lsn=9999)])
    accounts = hops.accounts()
    sizes = [accounts.number(f"SELECT count(*) FROM archived AS a WHERE {some('a')}") for some in accounts.some_offsets("archived")]
    assert sum(sizes) == 51
    assert max(sizes) <= 14
    assert named(hops) == [], "what is behind the end of Kafka is not judged"


def test_gaps_are_found_across_the_parts_and_within_them(hops: Hops) -> None:
    hops.archive.append([row(offset) for offset in (*range(12, 30), *range(33, 50), 51, *range(60, 70))])
    answer, single = hops.accounts().gaps_in_archive()
    assert [(finding.offset, finding.number) for finding in answer.findings] == [(30, 3), (52, 8)]
    assert single == 3


def test_a_key_out_of_order_is_found_in_each_part(hops: Hops) -> None:
    first = [row(offset) for offset in range(12, 30)]
    late = [row(offset, id=offset - 18, __op="u", __source_lsn=1001) for offset in range(30, 48)]
    hops.kafka += [*first, *late]
    hops.archive.append([*late, *first])
    answer = hops.accounts().disordered_in_archive()
    assert answer.number == 18
    assert [finding.offset for finding in answer.findings] == list(range(30, 40))
