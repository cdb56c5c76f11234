"""Kubernetes quantities against an independent reading of the same grammar."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.quantity import parse_bytes

SUFFIXES = {"m": "1e-3", "": "1", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12", "P": "1e15", "E": "1e18"}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
FACTORS = {**{suffix: Decimal(text) for suffix, text in SUFFIXES.items()}, **{suffix: Decimal(2**bits) for suffix, bits in BINARY.items()}}

numbers = st.decimals(min_value=0, max_value=10**6, places=3)


@given(number=numbers, suffix=st.sampled_from(sorted(FACTORS)))
def test_a_number_with_a_suffix_is_its_exact_product_rounded_up(number: Decimal, suffix: str) -> None:
    assert parse_bytes(f"{number}{suffix}") == int((number * FACTORS[suffix]).to_integral_value(ROUND_CEILING))


@given(number=numbers, exponent=st.integers(-6, 12), letter=st.sampled_from("eE"))
def test_an_exponent_is_a_power_of_ten(number: Decimal, exponent: int, letter: str) -> None:
    assert parse_bytes(f"{number}{letter}{exponent}") == int(number.scaleb(exponent).to_integral_value(ROUND_CEILING))


@given(small=st.integers(0, 10**6), more=st.integers(1, 10**6), suffix=st.sampled_from(sorted(BINARY)))
def test_more_is_more(small: int, more: int, suffix: str) -> None:
    assert parse_bytes(f"{small}{suffix}") < parse_bytes(f"{small + more}{suffix}")


@pytest.mark.parametrize(
    ("quantity", "size"),
    [
        ("512Mi", 536_870_912),
        ("1Gi", 1_073_741_824),
        ("1.5G", 1_500_000_000),
        ("128974848", 128_974_848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128_974_848),
        ("123Mi", 128_974_848),
        (".5Ki", 512),
        ("1.", 1),
        (1024, 1024),
        (0.5, 1),
        ("1m", 1),
        ("0", 0),
        ("1E", 10**18),
        ("1E3", 1000),
    ],
)
def test_values_of_the_kubernetes_manual(quantity: str | float, size: int) -> None:
    assert parse_bytes(quantity) == size


@pytest.mark.parametrize(
    "quantity", ["", "Mi", "1 Mi", "1mi", "1MI", "1MB", "1KiB", "512 MiB", "1e", "1e1.5", "0x10", "1,5G", "lots", "1K", "1ki", "--1"]
)
def test_what_kubernetes_refuses_is_refused_with_an_example(quantity: str) -> None:
    with pytest.raises(ValueError, match=r"is not a Kubernetes quantity; write for example 512Mi") as caught:
        parse_bytes(quantity)
    assert repr(quantity) in str(caught.value)
