"""Moments as people write them: a time with its offset from UTC, or a position in the database's log."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from pipeline.views.moment import Moment

_LSN: Final = re.compile(r"([0-9A-Fa-f]{1,8})/([0-9A-Fa-f]{1,8})")


class MomentError(ValueError):
    """A text is neither a time nor a position."""


def parsed(text: str) -> Moment:
    """Read a moment as people write it.

    Args:
        text: A position such as ``0/1B2C3D8``, or a time in ISO 8601 with its offset from UTC.

    Raises:
        MomentError: If it is neither.
    """
    lsn = _LSN.fullmatch(text.strip())
    if lsn:
        return Moment(position=(int(lsn[1], 16) << 32) + int(lsn[2], 16))
    try:
        time = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        message = f"{text!r} is neither a time with its offset from UTC (2026-05-01T12:00:00Z) nor a position in the log (0/1B2C3D8)"
        raise MomentError(message)
    since = time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return Moment(milliseconds=since // dt.timedelta(milliseconds=1))
