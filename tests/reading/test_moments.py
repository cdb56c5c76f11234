"""A moment is a time with its offset, or a position in the log; nothing else is guessed."""

from __future__ import annotations

import pytest

from pipeline.reading.moments import MomentError, parsed
from pipeline.views.moment import Moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:01Z", Moment(milliseconds=1000)),
        ("1970-01-01T02:00:00.250+02:00", Moment(milliseconds=250)),
        ("0/1B2C3D8", Moment(position=0x1B2C3D8)),
        ("1A/0", Moment(position=0x1A << 32)),
    ],
)
def test_times_and_positions_are_read(text: str, moment: Moment) -> None:
    assert parsed(text) == moment


@pytest.mark.parametrize("text", ["", "yesterday", "2026-05-01T12:00:00", "2026-05-01", "0/", "0/1B2C3D8 OR 1=1", "1795914379619"])
def test_what_could_mean_several_moments_is_refused(text: str) -> None:
    with pytest.raises(MomentError, match="neither a time with its offset from UTC"):
        parsed(text)
