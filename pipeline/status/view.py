"""A look with its judgement: facts, concerns, and what only two looks can tell; pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from pipeline.epoch.facts import Unanswered
from pipeline.status import judgement
from pipeline.status.rates import UNMEASURED, rates

if TYPE_CHECKING:
    from pipeline.status.alerts import Alert
    from pipeline.status.facts import Known, Snapshot
    from pipeline.status.levels import Concern, Level
    from pipeline.status.rates import Rates
    from stack.specification.lateness import Lateness


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is shown of one look.

    Attributes:
        snapshot: The facts.
        level: The worst level.
        concerns: What is not as it has to be, the worst first.
        left_s: Seconds until the slot is lost at the rate of the last two looks; None if nothing shrinks, or after one look only.
        rates: Rates between the last two looks; none after one look only.
        alerts: Alerts that fire; None if no Prometheus server was asked.
    """

    snapshot: Snapshot
    level: Level
    concerns: tuple[Concern, ...]
    left_s: float | None = None
    rates: Rates = UNMEASURED
    alerts: Known[tuple[Alert, ...]] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON; what is not known is an object with the reason as ``unknown``."""
        return {
            "level": self.level.name.lower(),
            "exitCode": int(self.level),
            "concerns": [{"level": one.level.name.lower(), "hop": one.hop, "text": one.text, "next": one.next} for one in self.concerns],
            "secondsUntilSlotLost": self.left_s,
            "perSecond": _plain(self.rates),
            "disagreements": [
                {"table": one.table, "between": one.side.value, "level": one.level.name.lower(), "text": one.text, "next": one.next}
                for one in self.snapshot.compared.all
            ],
            **({} if self.alerts is None else {"alerts": _plain(self.alerts)}),
            "facts": _plain(self.snapshot),
        }


def view(snapshot: Snapshot, limits: Lateness, before: Snapshot | None = None) -> View:
    """Return a look with its judgement.

    Args:
        snapshot: The facts.
        limits: Lateness of the stack.
        before: The facts of an earlier look.
    """
    left = None if before is None else until_lost(before, snapshot)
    found = judgement.concerns(snapshot, limits, left)
    between = UNMEASURED if before is None else rates(before, snapshot)
    return View(snapshot=snapshot, level=judgement.level(found, snapshot), concerns=found, left_s=left, rates=between)


def until_lost(before: Snapshot, now: Snapshot) -> float | None:
    """Return the seconds until the slot is lost at the rate of two looks; None if that was not measured, or nothing shrinks."""
    if isinstance(before.database, Unanswered) or isinstance(now.database, Unanswered):
        return None
    first, last = before.database.server.slot, now.database.server.slot
    if first is None or last is None or first.safe is None or last.safe is None or now.taken <= before.taken:
        return None
    rate = (first.safe - last.safe) / (now.taken - before.taken)
    return last.safe / rate if rate > 0 else None


def _plain(fact: Any) -> Any:  # noqa: ANN401 - any fact
    if isinstance(fact, Unanswered):
        return {"unknown": fact.reason}
    if dataclasses.is_dataclass(fact):
        return {field.name: _plain(getattr(fact, field.name)) for field in dataclasses.fields(fact)}
    if isinstance(fact, Mapping):
        return {_key(key): _plain(value) for key, value in fact.items()}
    if isinstance(fact, Enum):
        return fact.value
    if isinstance(fact, (list, tuple)):
        return [_plain(one) for one in fact]
    # places of dead letters, which are many
    return len(fact) if isinstance(fact, frozenset) else fact


def _key(key: Any) -> str:  # noqa: ANN401 - any key of a mapping
    if isinstance(key, Enum):
        return str(key.value)
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
