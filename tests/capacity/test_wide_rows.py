"""Direct buffers for the largest rows, as they were measured, and the largest row that given buffers take."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity import wide_rows
from capacity.quantity import MIB

# Files, length of their rows in bytes, and the most direct buffers in MiB that Parquet's own writer took (tests/images/test_wide_rows.py)
MEASURED = [(1, 8_000_000, 16), (2, 8_000_000, 33), (3, 8_000_000, 49), (4, 4_000_000, 33), (6, 4_000_000, 49), (12, 2_000_000, 49)]


@pytest.mark.parametrize(("files", "length", "taken"), MEASURED)
def test_the_model_of_open_files_is_what_was_measured_and_little_more(files: int, length: int, taken: int) -> None:
    # without partitions nothing is asked for, and what is left beside the files is one answer each
    modelled = wide_rows.direct(0, files, length, length) / MIB
    assert taken <= modelled < 1.1 * taken + 1


@pytest.mark.parametrize(
    ("direct_mib", "partitions", "tasks", "fits"), [(64, 24, 3, 4), (128, 24, 3, 8), (48, 24, 3, 2), (64, 48, 6, 2), (64, 24, 24, 1)]
)
def test_the_largest_row_follows_from_the_buffers(direct_mib: int, partitions: int, tasks: int, fits: int) -> None:
    assert wide_rows.fitting(direct_mib * MIB, partitions, tasks) == fits


@given(st.integers(1, 300), st.integers(1, 50), st.integers(16, 4096))
def test_what_is_said_to_fit_does_or_is_kafkas_own_limit(partitions: int, tasks: int, direct_mib: int) -> None:
    size = wide_rows.fitting(direct_mib * MIB, partitions, tasks)
    needed = wide_rows.of_worker(wide_rows.direct(partitions, tasks, size * MIB), 1, size * MIB)
    assert size == 1 or needed <= direct_mib * MIB


@given(st.integers(1, 300), st.integers(1, 50))
def test_larger_rows_never_take_less(partitions: int, tasks: int) -> None:
    taken = [wide_rows.direct(partitions, tasks, size * MIB) for size in range(1, 17)]
    assert all(less < more for less, more in pairwise(taken))


def test_the_largest_record_is_that_of_the_largest_topic_and_kafkas_own_without_any() -> None:
    assert wide_rows.largest([{}, {wide_rows.LIMIT: "4194304"}]) == 4 * MIB
    assert wide_rows.largest([]) == wide_rows.largest([{}]) == MIB
    with pytest.raises(ValueError, match="invalid literal"):
        wide_rows.largest([{wide_rows.LIMIT: "4m"}])
