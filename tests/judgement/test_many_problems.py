"""A stack file with very many problems: the first twenty and their number."""

from __future__ import annotations

import pytest

from stack.judgement.stack import SettingsError, specify


@pytest.mark.parametrize(("wrong", "lines"), [(1, 2), (20, 21), (21, 22), (5_000, 22)])
def test_a_message_has_the_first_twenty_problems_and_their_number(wrong: int, lines: int) -> None:
    with pytest.raises(SettingsError) as caught:
        specify({"environment": "dev", "archive": {"bucket": "changes-of-the-shop"}, "source": {f"wrong{at}": "x" for at in range(wrong)}})
    text = str(caught.value)
    assert text.startswith(f"{wrong:,} problem(s)")
    assert len(text.splitlines()) == lines
    assert len(caught.value.problems) == wrong
    assert (f"and {wrong - 20:,} more" in text) == (wrong > 20)
