"""A few quantiles summarise many measurements."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as some
import pytest

from sandbox.bench.samples import Spread, quantile

SECONDS = some.lists(some.floats(min_value=0, max_value=1e6), min_size=1)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([3.0], 0.95, 3.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([10.0, 20.0, 30.0, 40.0, 50.0], 0.95, 48.0),
        ([1.0, 2.0, 3.0], 0.0, 1.0),
        ([1.0, 2.0, 3.0], 1.0, 3.0),
    ],
)
def test_a_quantile_lies_between_its_neighbours(values: list[float], share: float, expected: float) -> None:
    assert quantile(values, share) == pytest.approx(expected)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_a_quantile_without_a_value_or_a_share_is_refused(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="a quantile needs a value and a share"):
        quantile(values, share)


@hypothesis.given(SECONDS)
def test_least_median_p95_and_greatest_are_in_this_order(values: list[float]) -> None:
    spread = Spread.of(values)
    slack = 1e-6
    assert spread.least <= spread.median + slack
    assert spread.median <= spread.p95 + slack
    assert spread.p95 <= spread.greatest + slack
    assert spread.number == len(values)
