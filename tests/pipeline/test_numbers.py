"""Numbers of the command line that no time could be waited for are refused with a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline.command_line import main
from tests.pipeline.test_command_line import LEAVES

if TYPE_CHECKING:
    import pytest


def test_no_time_and_no_rate_is_nan_or_infinite(capsys: pytest.CaptureFixture[str]) -> None:
    """NaN is in each range for click; a watch could not sleep for it, and an exporter would not pause at all."""
    numbers = [
        (words, one.opts[0]) for words, command in LEAVES.items() for one in command.params if isinstance(one.type, click.FloatRange)
    ]
    assert len(numbers) >= 5
    for words, option in numbers:
        for value in ("nan", "inf"):
            assert main([*words, option, value]) == 2, words
            assert "is no finite number" in capsys.readouterr().err
