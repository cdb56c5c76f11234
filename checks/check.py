"""What a check is: a probe that looks at the world, and a judgement over what it saw."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Fact = TypeVar("Fact")

# What a check says whose probe another one has reported as refused
SEE_ABOVE = "not seen, see above"

# Seconds that a probe may take; every one is a handful of requests or one local tool
TIME_LIMIT_S = 20.0


class Level(Enum):
    """How a finding ends: the value is its name in JSON."""

    FINE = "fine"
    WARNING = "warning"
    FAILURE = "failure"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says.

    Attributes:
        level: Fine, a warning, a failure (``up`` would stop or hang), or not to be seen because something before it is missing.
        found: What was found, in a sentence without a full stop.
        cure: What to do: a command, or lines of SQL. Empty when nothing has to be done.
    """

    level: Level
    found: str
    cure: str = ""


def fine(found: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.FINE, found)


def warning(found: str, cure: str) -> Finding:
    """Works, but somebody should know."""
    return Finding(Level.WARNING, found, cure)


def failure(found: str, cure: str) -> Finding:
    """Would stop ``up``."""
    return Finding(Level.FAILURE, found, cure)


def unseen(found: str) -> Finding:
    """Could not be looked at; the reason is a finding of its own."""
    return Finding(Level.UNSEEN, found)


@dataclass(frozen=True, slots=True)
class Refused:
    """What a probe gives when it could not see anything.

    Attributes:
        why: In a sentence without a full stop.
        cure: What to do.
    """

    why: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[Fact]):
    """One thing to look at.

    Attributes:
        group: Heading it stands under.
        name: What it is about, in a few words.
        probe: Looks; may raise, may hang.
        judge: Pure; says what the fact means.
        time_limit_s: Seconds after which the probe is given up.
    """

    group: str
    name: str
    probe: Callable[[], Fact]
    judge: Callable[[Fact], Finding]
    time_limit_s: float = TIME_LIMIT_S


def once(probe: Callable[[], Fact]) -> Callable[[], Fact]:
    """A probe that several checks share: the first to ask looks, the others wait for what it saw, or for why it could not."""
    lock, seen, failed = threading.Lock(), list[Fact](), list[Exception]()

    def asked() -> Fact:
        with lock:
            if not seen and not failed:
                try:
                    seen.append(probe())
                except Exception as error:  # noqa: BLE001 - raised below, for each who asks
                    failed.append(error)
        if failed:
            raise failed[0]
        return seen[0]

    return asked


def access(judge: Callable[[Fact], Finding]) -> Callable[[Fact | Refused], Finding]:
    """The judgement of the check that reports a refused probe."""

    def judged(fact: Fact | Refused) -> Finding:
        return failure(fact.why, fact.cure) if isinstance(fact, Refused) else judge(fact)

    return judged


def given(judge: Callable[[Fact], Finding]) -> Callable[[Fact | Refused], Finding]:
    """The judgement of a check that depends on a probe whose refusal another one reports."""

    def judged(fact: Fact | Refused) -> Finding:
        return unseen(SEE_ABOVE) if isinstance(fact, Refused) else judge(fact)

    return judged
