"""Generated values: of the required length and character mix, and the same in every later run."""

from __future__ import annotations

import base64
import string
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random
import pytest

from sandbox.adapter import ResourceError
from sandbox.standins.random_values import RandomPassword
from sandbox.standins.random_values import text as password

if TYPE_CHECKING:
    from conftest import Runs


def test_a_password_has_its_length_and_only_allowed_characters() -> None:
    text = password({"length": 64, "special": False})
    assert len(text) == 64
    assert set(text) <= set(string.ascii_letters + string.digits)


def test_minimum_counts_hold() -> None:
    text = password({"length": 10, "minUpper": 3, "minNumeric": 3, "minSpecial": 4, "overrideSpecial": "_"})
    assert sum(character.isupper() for character in text) >= 3
    assert sum(character.isdigit() for character in text) >= 3
    assert text.count("_") >= 4


def test_a_length_that_cannot_hold_the_minimum_is_refused() -> None:
    (problem,) = RandomPassword().check({"length": 3, "minUpper": 4})
    assert problem.path == "length"
    assert "cannot hold the 4 characters" in problem.text


def test_values_are_generated_once_and_again_only_for_new_inputs(runs: Runs) -> None:
    length = 24

    def program() -> None:
        secret = random.RandomPassword("secret", length=length, special=False)
        cluster = random.RandomBytes("cluster", length=16)
        pulumi.export("secret", secret.result)
        pulumi.export("cluster", cluster.base64)

    first = runs.up(program)
    assert len(base64.b64decode(first.outputs["cluster"])) == 16
    assert "secret" in first.secret_outputs
    assert runs.up(program).outputs == first.outputs
    length = 30
    third = runs.up(program)
    assert third.updated == ("RandomPassword secret",)
    assert third.outputs["cluster"] == first.outputs["cluster"]
    assert len(third.outputs["secret"]) == 30


def test_other_random_types_are_refused_by_name(runs: Runs) -> None:
    refusal = (
        "RandomShuffle order could not be created or changed\n  the sandbox makes no random:index/randomShuffle:RandomShuffle; it makes"
    )
    with pytest.raises(ResourceError, match=refusal):
        runs.up(lambda: random.RandomShuffle("order", inputs=["a"]))
