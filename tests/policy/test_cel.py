"""Values of expressions in CEL that follow from themselves; anything else may have any value, and none takes long to read."""

from __future__ import annotations

import time

import pytest

from policy.cel import OPEN, value
from tests.policy.mutations_refusing import FALSE, TRUE_OR_OPEN
from tests.policy.workbench import NAMESPACE

FACTS = {
    "object": {"metadata": {"namespace": NAMESPACE}},
    "namespaceObject": {"metadata": {"name": NAMESPACE}},
    "request": {"namespace": NAMESPACE},
    "variables": {"never": False},
}


@pytest.mark.parametrize("expression", FALSE)
def test_what_is_never_true_is_false(expression: str) -> None:
    assert value(expression, FACTS) is False


@pytest.mark.parametrize("expression", TRUE_OR_OPEN)
def test_what_may_be_true_is_not(expression: str) -> None:
    assert value(expression, FACTS) is not False


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("'a' + 'b' == 'ab'", True),
        ('"a\\"b".contains("\\"")', True),
        ("r'a\\d' == 'ad'", False),
        ("object.spec.a || true", True),
        ("[].all(c, c.x)", True),
        ("object.spec.containers.all(c, false)", OPEN),
        ("object.spec.containers.exists(c, true)", OPEN),
        ("{'a': 1}.a == 1", OPEN),
        ("has(object.metadata.namespace)", True),
        ("size([1, 2]) == 2", True),
        ("1.5 < 2.5", True),
        ("null == null", True),
    ],
)
def test_values(expression: str, wanted: object) -> None:
    assert value(expression, FACTS) == wanted


@pytest.mark.parametrize(
    "text", ["!" * 9_000, "(" * 9_000, "a." * 4_000, "1 + " * 2_000, "'" * 9_000, "a ? b : " * 1_000, "\\" * 9_000, "[" * 9_000]
)
def test_expressions_of_any_form_are_read_in_time(text: str) -> None:
    begin = time.process_time()
    for expression in (text, f"{text}true", text * 200):
        assert value(expression, FACTS) is OPEN
    assert time.process_time() - begin < 1
