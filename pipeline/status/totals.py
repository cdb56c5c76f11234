"""Figures of a whole look: backlog of the sink over all topics, oldest change over all tables; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Waiting

if TYPE_CHECKING:
    from pipeline.status.facts import Snapshot


@dataclass(frozen=True, slots=True)
class Backlog:
    """Backlog of the sink in all change topics.

    Attributes:
        records: Offsets behind the committed positions.
        age_s: Age of the first record behind them in seconds; None if nothing waits.
    """

    records: int
    age_s: float | None


def backlog(snapshot: Snapshot) -> Backlog | None:
    """Return the backlog of the sink; None if it is not known."""
    if isinstance(snapshot.lags, Unanswered):
        return None
    since = min((lag.since for lag in snapshot.lags.values() if lag.since is not None), default=None)
    return Backlog(sum(lag.records for lag in snapshot.lags.values()), None if since is None else max(0.0, snapshot.taken - since))


@dataclass(frozen=True, slots=True)
class Oldest:
    """Oldest change of all tables that is not archived.

    Attributes:
        age_s: Its age in seconds; None if every change is archived.
    """

    age_s: float | None


def oldest(snapshot: Snapshot) -> Oldest | None:
    """Return the oldest change that is not archived; None as long as that of any table is not known."""
    known = [one for one in snapshot.waiting.values() if isinstance(one, Waiting)]
    if not known or len(known) < len(snapshot.waiting):
        return None
    since = min((one.since for one in known if one.since is not None), default=None)
    return Oldest(None if since is None else max(0.0, snapshot.taken - since))
