"""Patterns of topics are matched as Kafka matches them, and none of them takes long."""

from __future__ import annotations

import time

import pytest

from stack.configs.patterns import fault_of, matches

TOPIC = "postgres.public." + "a" * 200
SLOW = [
    "(a+)+$",
    "([a-z.]+)+!",
    "(.*)*!",
    "(a|a)*!",
    "((a*))*!",
    "(a|b|ab)*c",
    ".*.*.*.*!",
    "(x{1,9}){1,9}",
    "(" * 50_000,
    "(" + "*" * 50_000,
    "a|" * 50_000,
]
EVERYDAY = [
    (r"postgres\.public\..*", "postgres.public.users", True),
    (r"postgres\.public\.(users|orders)", "postgres.public.orders", True),
    (r"postgres\.public\.(users|orders)", "postgres.public.order_items", False),
    ("^postgres\\.public\\.users$", "postgres.public.users", True),
    (r"(shop|postgres)\.[a-z]+\..+", "shop.public.users", True),
]


@pytest.mark.parametrize("expression", SLOW, ids=lambda text: text[:20])
def test_a_pattern_that_would_take_long_is_not_tried(expression: str) -> None:
    begun = time.process_time()
    assert fault_of(expression)
    assert not matches(expression, TOPIC)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize("expression", ["(", "[", "*", "a**", "(?P<a", "\\"])
def test_what_is_no_pattern_is_a_fault(expression: str) -> None:
    assert fault_of(expression)


@pytest.mark.parametrize(("expression", "topic", "does"), EVERYDAY)
def test_everyday_patterns_match(expression: str, topic: str, does: bool) -> None:  # noqa: FBT001 - a table's column
    assert fault_of(expression) == ""
    assert matches(expression, topic) is does
