"""Rules of a column: of its type, without contradiction, and the same to every engine that reads them."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stack.settings.rule_pattern import pattern_fault
from stack.settings.rule_time import is_slow
from stack.settings.tables import Column


def rules(sql_type: str, constraint: str = "", **quality: Any) -> dict[str, tuple[str, ...]]:
    """Return the rules of a nullable column by their names."""
    column = Column.model_validate({"name": "x", "type": sql_type, "nullable": True, "constraint": constraint, "quality": quality})
    return {rule.name: rule.values for rule in column.rules}


@pytest.mark.parametrize(
    ("sql_type", "quality", "told"),
    [
        ("integer", {"min": 2.5}, "quality.min of column 'x' (integer) is '2.5', which is no value of that type; write one such as 0"),
        ("integer", {"min": 3, "max": 2}, "is 3 and max is 2, so that no value is valid; exchange them"),
        ("integer", {"pattern": "a"}, "quality.pattern of column 'x' (integer) is about text, and the archive has int there"),
        ("integer", {"maxLength": 3}, "quality.maxLength of column 'x' (integer) is about text"),
        ("integer", {"oneOf": ["a"]}, "quality.oneOf of column 'x' (integer) has 'a', which is no value of that type; remove it"),
        ("integer", {"oneOf": [1, 1]}, "has a value twice; remove one"),
        ("numeric(10,2)", {"oneOf": [1]}, "only texts and whole numbers are compared with a list; use min and max"),
        ("numeric(4,2)", {"max": 100}, "is '100', which is no value of that type"),
        ("numeric(10,2)", {"min": "1_000"}, "which is no value of that type"),
        ("numeric", {"max": "٣"}, "which is no value of that type"),
        ("double precision", {"min": "٣.٢"}, "which is no value of that type"),
        ("real", {"max": "1e"}, "which is no value of that type"),
        ("text", {"min": "a"}, "only numbers, days and times have one; use oneOf, pattern or maxLength"),
        ("boolean", {"max": 1}, "only numbers, days and times have one"),
        ("date", {"min": "yesterday"}, "is 'yesterday', which is no value of that type; write one such as 2026-01-31"),
        ("timestamp", {"min": "2026-01-01T00:00:00Z"}, "write one such as 2026-01-31T08:00:00"),
        ("timestamptz", {"min": "2026-01-01T00:00:00"}, "write one such as 2026-01-31T08:00:00+00:00"),
        ("timestamptz", {"min": "2026-01-02T00:00:00Z", "max": "2026-01-02T00:00:00+01:00"}, "so that no value is valid"),
        ("text", {"pattern": "(a+)+"}, "'(a+)+', repeats a group that holds a choice or a repetition"),
        ("text", {"pattern": ".*.*="}, "share a text in so many ways that a row could stop the sink"),
        ("text", {"pattern": "(?=a)"}, "has a group that begins with '(?', of which only '(?:' is known; write a plainer expression"),
        ("text", {"maxLength": 0}, "quality.maxLength"),
    ],
)
def test_a_rule_that_no_value_or_no_engine_could_keep_is_refused(sql_type: str, quality: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rules(sql_type, **quality)
    assert told in str(refused.value)


def test_a_rule_of_the_column_replaces_that_of_its_check_and_the_others_stay() -> None:
    assert rules("integer", "CHECK (x >= 0 AND x <= 9)", min=5, notNull=True) == {
        "x.min": ("5",),
        "x.max": ("9",),
        "x.notNull": ("true",),
    }


@pytest.mark.parametrize(
    ("sql_type", "condition", "expected"),
    [
        ("numeric(10,2)", "x >= 0", {"min": "0"}),
        ("numeric(10,2)", "x > 0", {"min": "0.01"}),
        ("integer", "x > 0 AND x < 10", {"min": "1", "max": "9"}),
        ("integer", "(x > 0) AND (x <= 10)", {"min": "1", "max": "10"}),
        ("integer", "0 <= x", {"min": "0"}),
        ("integer", "x >= -3", {"min": "-3"}),
        ("bigint", "x IN (1, 2)", {"oneOf": ("1", "2")}),
        ("varchar(9)", "x IN ('a', 'b''c')", {"oneOf": ("a", "b'c")}),
        ("varchar(9)", "((x)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))", {"oneOf": ("a", "b")}),
        ("text", "char_length(x) < 5", {"maxLength": "4"}),
        ("varchar(9)", "length((x)::text) <= 5", {"maxLength": "5"}),
        ("text", "x IS NOT NULL", {"notNull": "true"}),
        ("date", "x >= '2020-01-01'::date", {"min": "2020-01-01"}),
        ("double precision", "x >= (0)::double precision", {"min": "0"}),
    ],
)
def test_a_plain_condition_of_a_check_is_a_rule(sql_type: str, condition: str, expected: dict[str, Any]) -> None:
    wanted = {f"x.{kind}": value if isinstance(value, tuple) else (value,) for kind, value in expected.items()}
    assert rules(sql_type, f"CHECK ({condition})") == wanted


@pytest.mark.parametrize(
    ("sql_type", "condition"),
    [
        ("integer", "x > 0 OR x < -3"),
        ("integer", "NOT x > 3"),
        ("integer", "x BETWEEN 1 AND 3"),
        ("integer", "x * 2 > 3"),
        ("integer", "x >= 0 + 1"),
        ("integer", "x NOT IN (1, 2)"),
        ("double precision", "x > 0"),
        ("numeric(10,2)", "x::integer >= 1"),
        ("numeric(10,2)", "x::numeric(10,0) >= 1"),
        ("char(3)", "x IN ('a')"),
        ("text", "lower(x) = 'a'"),
        ("text", "x <> ''"),
    ],
)
def test_any_other_condition_is_none_since_a_rule_must_never_be_stricter(sql_type: str, condition: str) -> None:
    assert rules(sql_type, f"CHECK ({condition})") == {}


@pytest.mark.parametrize(
    "pattern",
    [
        r"[A-Z]{2}[0-9]+",
        r"(?:a|b)c?",
        r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
        r"(ab){1,3}",
        r"\d{3}-\d{4}",
        r"[a-z_-]*",
        r"[- ]",
        r"[^-.]",
        r"[-]",
        r"[--]",
        r"\(\)\[\]\{\}\.",
        r"a|b|",
        "é",
    ],
)
def test_plain_patterns_pass(pattern: str) -> None:
    assert pattern_fault(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a|aa)*",
        r"(a*)*",
        r"((a|b)c)+",
        r"(?i)a",
        r"(?<x>a)",
        r"a*+",
        r"a**",
        r"\1",
        r"\p{L}",
        r"\bx",
        r"[a[b]]",
        r"[a&&b]",
        r"[]",
        r"[^]",
        r"[--a]",
        r"[-a",
        r"a{",
        r"{1}",
        r"a{2,1}",
        r"a{5000}",
        r"(a",
        r"a)",
        r"[a",
        r"a\Z",
        "${env:x}",
        "",
        "a" * 1001,
    ],
)
def test_a_pattern_that_engines_read_in_different_ways_or_without_end_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern)


SIGNS = (".", r"\w", r"\d", "[a-z]", "[^@]", r"[\w.-]")
MANY = ("*", "+", "{2,}", "{0,9000}")


MANY = ("*", "+", "{2,}", "{0,9000}")


@pytest.mark.parametrize("other", SIGNS)
@pytest.mark.parametrize("one", SIGNS)
def test_repetitions_that_share_a_text_are_refused(one: str, other: str) -> None:
    """One row could stop the sink: Java needs 50 ns for each place between them, and a row has a million."""
    are_apart = {one, other} == {r"\d", "[a-z]"}
    for many, more in itertools.product(MANY, MANY):
        assert is_slow(f"{one}{many}{other}{more}!") != are_apart
        assert is_slow(f"{one}{many}-?{other}{more}!") != are_apart
        assert not is_slow(f"{one}{many}#{other}{more}!") or "#" in {one, other} or {one, other} <= {".", "[^@]"}


@pytest.mark.parametrize(
    "pattern",
    [".*foo.*", r".*\S.*", ".*.*.*", "a?" * 30, "(a?)+", "(a?){2,}", "(a?a?b)*", "x*(a|x*)x*y", "(?:a*|b)a*c", ".{0,300}.{0,300}.{0,300}x"],
)
def test_other_ways_to_share_a_text_are_refused_too(pattern: str) -> None:
    assert is_slow(pattern)


@pytest.mark.parametrize("pattern", [".*foo.*", r".*\S.*", ".*.*.*", "x*(a|x*)x*y"])
def test_a_short_column_may_share_its_text(pattern: str) -> None:
    assert is_slow(pattern)
    assert not is_slow(pattern, 100)


@pytest.mark.parametrize(
    "pattern",
    [
        r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"\+?\d{1,3}[- ]?\d{1,4}[- ]?\d{1,4}[- ]?\d{1,9}",
        r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){1,7}",
        r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?",
        r"-?\d+(\.\d{1,2})?",
        r"https?://[^\s/]+(/\S*)?",
        r"(\d+|\d+-\d+)",
        r"\s*\S.*",
        "[^=]*=.*",
        "(ab?c)+",
        "[a-z]+(-[a-z]+)?",
    ],
)
def test_everyday_patterns_take_a_text_in_one_way(pattern: str) -> None:
    assert pattern_fault(pattern) in {"", "repeats a group that holds a choice or a repetition, which can take Java exponential time"}
    assert not is_slow(pattern)


@pytest.mark.full
def test_a_pattern_of_the_greatest_length_is_judged_at_once() -> None:
    began = time.process_time()
    for pattern in ("a?" * 500, "ab?" * 333, "(a?b)" * 200, "a*b" * 333):
        is_slow(pattern)
    assert time.process_time() - began < 2


@given(st.text(alphabet=r"ab()[]{}*+?|\^$-.,12dws&", max_size=12))
def test_whatever_passes_is_an_expression_of_python_too(pattern: str) -> None:
    if not pattern_fault(pattern):
        re.compile(pattern, re.ASCII)
