"""Issued tokens are found by their form alone, beside any name, and hidden; everyday words with their beginnings are neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.credentials.detector import hidden, shows_credential
from stack.configs.credentials.issued import issued
from tests.configs.issued_tokens import EVERYDAY, ISSUED, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

LEAST = 100


@pytest.mark.parametrize("vendor", ISSUED)
@pytest.mark.adversary("secrets")
def test_an_issued_token_is_found_and_hidden_wherever_it_stands(vendor: str) -> None:
    token = ISSUED[vendor]
    for file, text in surroundings(token):
        assert shows_credential(text, file), text
        assert token[-8:] not in hidden(text, file), hidden(text, file)
    # the name of a variable in front, as in one word of a command
    assert issued(f"X={token}")


def test_words_that_begin_like_a_token_are_none(tally: Callable[[str, str, int, int], None]) -> None:
    for word in EVERYDAY:
        assert issued(word) == [], word
        assert issued(f"https://example.com/{word}?a={word}") == [], word
        assert not shows_credential(f"note: see {word} there\n"), word
    assert len(ISSUED) >= LEAST
    tally("issued tokens", "harmless", len(EVERYDAY), 0)
