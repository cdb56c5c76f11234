"""Record of a break in the pipeline's history, as the command 'epoch begin' writes it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from stack.settings.section import Section
from stack.settings.types import written

# More epochs than a pipeline will ever see, and few enough for a control topic each.
LAST_EPOCH = 99


def _time(value: str) -> str:
    try:
        aware = dt.datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        message = "must be a time with its offset from UTC, such as 2026-05-01T12:00:00+00:00, in quotes"
        raise ValueError(message)
    return value


class Seam(Section):
    """Break between two epochs."""

    epoch: int = Field(ge=2, le=LAST_EPOCH, strict=True)
    """Number of the epoch that begins behind the break."""
    cause: Literal["lost-slot", "missing-slot", "lost-brokers", "restored-database", "operator"]
    """Cause of the break."""
    system: Annotated[str, *written(r"[0-9]{1,20}", "must be a system identifier of PostgreSQL: digits, in quotes")] | None = None
    """System identifier of the database server before the break."""
    position: (
        Annotated[str, *written(r"[0-9A-F]{1,8}/[0-9A-F]{1,8}", "must be a position in the write-ahead log, such as 0/4A1B2C8")] | None
    ) = None
    """Position in the write-ahead log up to which the earlier epoch was read."""
    last_change: Annotated[str, AfterValidator(_time)] | None = None
    """Time in the database of the last change in the archive before the break, ISO 8601 with its offset from UTC."""
