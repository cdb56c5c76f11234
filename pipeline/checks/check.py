"""Checks: a probe reads a fact from the outside world, a pure function judges it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Fact = TypeVar("Fact")

# Finding of a check whose probe was refused; another check reports the reason
SEE_ABOVE = "not seen, see above"

# Seconds that a probe may take: each sends a handful of requests or runs one local tool
TIME_LIMIT_S = 20.0


class Level(Enum):
    """Severity of a finding; the value is its name in JSON."""

    FINE = "fine"
    WARNING = "warning"
    FAILURE = "failure"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check.

    Attributes:
        level: Fine, a warning, a failure (``up`` would stop or hang), or unseen because a prerequisite is missing.
        found: The observation, in a sentence without a full stop.
        cure: Command or lines of SQL to run; empty when no action is needed.
    """

    level: Level
    found: str
    cure: str = ""


def fine(found: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding(Level.FINE, found)


def warning(found: str, cure: str) -> Finding:
    """Return a finding that does not stop ``up`` but deserves attention."""
    return Finding(Level.WARNING, found, cure)


def failure(found: str, cure: str) -> Finding:
    """Return a finding that would stop ``up``."""
    return Finding(Level.FAILURE, found, cure)


def unseen(found: str) -> Finding:
    """Return a finding for a fact that could not be read; another finding gives the reason."""
    return Finding(Level.UNSEEN, found)


@dataclass(frozen=True, slots=True)
class Refused:
    """Answer of a probe that could not read anything.

    Attributes:
        why: Reason, in a sentence without a full stop.
        cure: Action that removes the reason.
    """

    why: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Generic[Fact]):
    """One check of one fact.

    Attributes:
        group: Heading under which it is reported.
        name: Its subject, in a few words.
        probe: Reads the fact; may raise or hang.
        judge: Turns the fact into a finding; pure.
        time_limit_s: Seconds after which the probe is abandoned.
    """

    group: str
    name: str
    probe: Callable[[], Fact]
    judge: Callable[[Fact], Finding]
    time_limit_s: float = TIME_LIMIT_S


def once(probe: Callable[[], Fact]) -> Callable[[], Fact]:
    """Share one probe among several checks: the first caller runs it, the others wait for its result or its exception."""
    lock, seen, failed = threading.Lock(), list[Fact](), list[Exception]()

    def shared() -> Fact:
        with lock:
            if not seen and not failed:
                try:
                    seen.append(probe())
                except Exception as error:  # noqa: BLE001 - raised below, for each caller
                    failed.append(error)
        if failed:
            raise failed[0]
        return seen[0]

    return shared


def access(judge: Callable[[Fact], Finding]) -> Callable[[Fact | Refused], Finding]:
    """Extend a judgement to report a refused probe as a failure."""

    def judged(fact: Fact | Refused) -> Finding:
        return failure(fact.why, fact.cure) if isinstance(fact, Refused) else judge(fact)

    return judged


def given(judge: Callable[[Fact], Finding]) -> Callable[[Fact | Refused], Finding]:
    """Extend a judgement to a probe whose refusal another check reports: the fact is then unseen."""

    def judged(fact: Fact | Refused) -> Finding:
        return unseen(SEE_ABOVE) if isinstance(fact, Refused) else judge(fact)

    return judged
