"""Direct buffers for the largest rows, as they were measured, and the largest row that given buffers take."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity import wide_rows
from stack.capacity.quantity import MIB

# Files, length of their rows in bytes, and the most direct buffers in MiB that Parquet's own writer took (tests/images/test_wide_rows.py)
MEASURED = [(1, 8_000_000, 16), (2, 8_000_000, 33), (3, 8_000_000, 49), (4, 4_000_000, 33), (6, 4_000_000, 49), (12, 2_000_000, 49)]


@pytest.mark.parametrize(("files", "length", "taken"), MEASURED)
def test_the_model_of_open_files_is_what_was_measured_and_little_more(files: int, length: int, taken: int) -> None:
    # without partitions nothing is asked for
    modelled = wide_rows.direct(0, 1, wide_rows.files_with_buffers("snappy", files), length, length) / MIB
    assert taken <= modelled < 1.1 * taken + 1


@pytest.mark.parametrize("codec", ["zstd", "gzip", "uncompressed", "none"])
def test_a_codec_without_buffers_holds_none(codec: str) -> None:
    assert wide_rows.files_with_buffers(codec, 25) == 0


# Files, length of their rows in bytes, and their heap in MiB beyond that of files with short rows
HEAP = [(12, 4_000_000, 203), (12, 8_000_000, 403)]


@pytest.mark.parametrize(("files", "length", "taken"), HEAP)
def test_the_model_of_the_heap_is_what_was_measured(files: int, length: int, taken: int) -> None:
    assert 0.9 * taken < wide_rows.heap(files, length) / MIB < 1.1 * taken


@pytest.mark.parametrize(
    ("direct_mib", "heap_mib", "partitions", "tasks", "files", "fits"),
    [
        (64, 512, 24, 3, 0, 4),
        (64, 1024, 24, 3, 0, 8),
        (128, 2048, 48, 6, 0, 8),
        (32, 1024, 24, 3, 0, 4),
        (64, 512, 24, 6, 0, 2),
        (64, 512, 24, 24, 0, 1),
        (64, 1024, 24, 3, 24, 1),
        (128, 1024, 24, 3, 24, 2),
    ],
)
def test_the_largest_row_follows_from_buffers_heap_and_codec(
    direct_mib: int, heap_mib: int, partitions: int, tasks: int, files: int, fits: int
) -> None:
    assert wide_rows.fitting(direct_mib * MIB, heap_mib * MIB, [wide_rows.Reading(partitions, tasks, files)]) == fits


@given(st.integers(1, 300), st.integers(1, 50), st.integers(0, 300), st.integers(16, 4096))
def test_what_is_said_to_fit_does_or_is_kafkas_own_limit(partitions: int, tasks: int, files: int, direct_mib: int) -> None:
    size = wide_rows.fitting(direct_mib * MIB, 8 * direct_mib * MIB, [wide_rows.Reading(partitions, tasks, files)])
    needed = wide_rows.of_worker(wide_rows.direct(partitions, tasks, files, size * MIB), 1, size * MIB)
    assert size == 1 or needed <= direct_mib * MIB


@given(st.integers(1, 300), st.integers(1, 50), st.integers(0, 300))
def test_larger_rows_never_take_less(partitions: int, tasks: int, files: int) -> None:
    taken = [wide_rows.direct(partitions, tasks, files, size * MIB) for size in range(1, 17)]
    assert all(less < more for less, more in pairwise(taken))


def test_the_largest_record_is_that_of_the_largest_topic_and_kafkas_own_without_any() -> None:
    assert wide_rows.largest([{}, {wide_rows.LIMIT: "4194304"}]) == 4 * MIB
    assert wide_rows.largest([]) == wide_rows.largest([{}]) == MIB
    with pytest.raises(ValueError, match="invalid literal"):
        wide_rows.largest([{wide_rows.LIMIT: "4m"}])
