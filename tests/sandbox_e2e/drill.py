"""Fire drill: a fault is made, its alerts fire and are told, a cure is followed, and the end is told; each with its seconds.

A thread asks Prometheus and the receiver all the time, so that what happens beside a test is measured, too.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sandbox.bench import machine
from sandbox.stack_settings import settings
from stack.specification.monitoring.rules.files import alert_rules
from tests.sandbox_e2e.messages import WAYS, arrived, lacks, messages
from tests.sandbox_e2e.watching import Prometheus, forwarded, received

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.sandbox_e2e.messages import Message

_LOOK_S = 1.0


@dataclass
class Span:
    """Time for which an alert fires.

    Attributes:
        began: When it was first seen.
        ended: When it was no longer seen, or None.
    """

    began: float
    ended: float | None = None


class Watch:
    """What fires and what is told, from the beginning of the block to its end."""

    def __init__(self) -> None:
        """Look not yet."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._url = ""
        self._spans: dict[str, list[Span]] = {}
        self._received: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._ended.set()
        self._thread.join(60)

    def _run(self) -> None:
        while not self._ended.is_set():
            # the pod may go, and its successor needs another forwarded port
            with suppress(Exception), forwarded("prometheus", 9090) as url:
                self._url, prometheus = url, Prometheus(url)
                while not self._ended.wait(_LOOK_S):
                    self._look(prometheus)
            self._ended.wait(_LOOK_S)

    def _look(self, prometheus: Prometheus) -> None:
        firing, now = prometheus.firing(), time.time()
        for name in firing:
            spans = self._spans.setdefault(name, [])
            if not spans or spans[-1].ended is not None:
                spans.append(Span(now))
        for name, spans in self._spans.items():
            if name not in firing and spans[-1].ended is None:
                spans[-1].ended = now
        with suppress(OSError):
            for one in received(0):
                self._received.setdefault(f"{one['at']} {one['kind']} {one.get('path')}", one)

    def spans(self, alert: str, since: float) -> list[Span]:
        """Return the spans of an alert that end after a moment, or not yet."""
        return [one for one in self._spans.get(alert, []) if one.ended is None or one.ended >= since]

    def span(self, alert: str, since: float) -> Span | None:
        """Return the first of them."""
        return next(iter(self.spans(alert, since)), None)

    def value(self, query: str) -> float:
        """Return the value of a query, or 0 without one."""
        return Prometheus(self._url).value(query) or 0.0

    def fires(self, alert: str) -> bool:
        """Return whether an alert fires now."""
        return bool(self._spans.get(alert)) and self._spans[alert][-1].ended is None

    def firing(self) -> list[str]:
        """Return what fires now."""
        return sorted(name for name in self._spans if self.fires(name))

    def told(self, alert: str, since: float, *, over: bool = False) -> dict[str, Message]:
        """Return the first message of each way about an alert since a moment."""
        found = sorted(messages(list(self._received.values())), key=lambda one: one.at)
        return arrived(found, alert, since, over=over)


@dataclass
class Fault:
    """One fault, its alerts and its cure.

    Attributes:
        drill: The drill.
        what: The fault, as the table names it.
        began: When it was made.
        how: The cure, as the table names it.
        cured: When its cure was begun, or None.
        problems: What did not happen in time.
        told: Alerts that were waited for, with the ways by which they are told.
    """

    drill: Drill
    what: str
    began: float = field(default_factory=time.time)
    how: str = ""
    cured: float | None = None
    problems: list[str] = field(default_factory=list)
    told: dict[str, Sequence[str]] = field(default_factory=dict)

    def tells(self, *alerts: str, within_s: float, ways: Sequence[str] = WAYS) -> None:
        """Wait until alerts fire and are told by every way, and write down the seconds; what is not told in time is a problem."""
        watch, deadline = self.drill.watch, time.time() + within_s
        waiting = list(alerts)
        self.told.update(dict.fromkeys(alerts, ways))
        while waiting:
            for alert in list(waiting):
                span, found = watch.span(alert, self.began), watch.told(alert, self.began)
                if span is None or not set(ways) <= set(found):
                    continue
                self._write(alert, firing_s=span.began - self.began, told_s=max(found[way].at for way in ways) - self.began)
                self.problems += [lack for way in ways for lack in lacks(found[way], self.drill.rules[alert])]
                waiting.remove(alert)
            if waiting and time.time() > deadline:
                self.problems += [self._missed(alert, within_s) for alert in waiting]
                return
            time.sleep(_LOOK_S)

    def _missed(self, alert: str, within_s: float) -> str:
        watch = self.drill.watch
        span, found = watch.span(alert, self.began), watch.told(alert, self.began)
        state = f"fires since {span.began - self.began:.0f} s" if span else "does not fire"
        if span:
            self._write(alert, firing_s=span.began - self.began)
        return f"{alert} {state}, and is told by {sorted(found) or 'nothing'} {within_s:.0f} s later; {watch.firing()} fire"

    def explains(self, alert: str, other: str, within_s: float) -> None:
        """Wait until another alert fires that one of this fault explains, and see that it is not told."""
        watch, deadline = self.drill.watch, time.time() + within_s
        while (span := watch.span(other, self.began)) is None:
            if time.time() > deadline:
                self.problems.append(f"{other}, which {alert} explains, does not fire")
                return
            time.sleep(_LOOK_S)
        self._write(other, firing_s=span.began - self.began, explained_by=alert)

    def cure(self, how: str) -> None:
        """Write down that the cure begins now."""
        self.how, self.cured = how, time.time()
        for alert in self.told:
            self._write(alert)

    def ends(self, *alerts: str, within_s: float = 180) -> None:
        """Wait until alerts fire no longer; whether that is told is seen at the end of all."""
        deadline = time.time() + within_s
        while any(self.drill.watch.fires(alert) for alert in alerts) and time.time() < deadline:
            time.sleep(_LOOK_S)
        self.problems += [f"{alert} still fires {within_s:.0f} s after its cure" for alert in alerts if self.drill.watch.fires(alert)]

    def close(self) -> list[str]:
        """Return every problem, and leave the ends to be waited for."""
        self.drill.open.append(self)
        return self.problems

    def is_over(self, alert: str) -> bool:
        """Write down the end of an alert, and tell whether it was told by every way."""
        assert self.cured is not None
        watch = self.drill.watch
        spans, found = watch.spans(alert, self.began), watch.told(alert, self.cured, over=True)
        ended = spans[-1].ended if spans else None
        if ended is not None:
            self._write(alert, ended_s=max(0.0, ended - self.cured))
        if not set(self.told[alert]) <= set(found):
            return False
        self._write(alert, told_ended_s=max(found[way].at for way in self.told[alert]) - self.cured)
        return True

    def _write(self, alert: str, **figures: object) -> None:
        cure = {"cure": self.how} if self.how else {}
        self.drill.write(alert, {"fault": self.what, **cure, **figures})


class Drill:
    """All faults of a run, and the file of their figures.

    Args:
        watch: What looks all the time.
        file: File of the figures, to which these are added, or None.
    """

    def __init__(self, watch: Watch, file: Path | None) -> None:
        """Begin without a fault."""
        self.watch, self.open = watch, list[Fault]()
        self.rules = {rule.alert: rule for rule in alert_rules(settings())}
        self._file, self._about = file, machine.about(["alerts"]) if file else {}

    def fault(self, what: str) -> Fault:
        """Return a fault that is made now."""
        return Fault(self, what)

    def write(self, alert: str, figures: Mapping[str, object]) -> None:
        """Add figures of an alert to the file."""
        if self._file is None:
            return
        known = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {}
        known["about"] = self._about
        one = known.setdefault("alerts", {}).setdefault(alert, {})
        one.update({name: round(value, 1) if isinstance(value, float) else value for name, value in figures.items()})
        self._file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def unended(self, within_s: float) -> list[str]:
        """Wait until the end of every alert that was told is told, and return those of which it is not."""
        deadline = time.time() + within_s
        waiting = [(fault, alert) for fault in self.open for alert in fault.told if fault.cured is not None]
        while waiting and time.time() < deadline:
            waiting = [(fault, alert) for fault, alert in waiting if not fault.is_over(alert)]
            time.sleep(_LOOK_S)
        return sorted(alert for _, alert in waiting)


def check(*faults: Fault) -> None:
    """Fail with the problems of all faults of a test, and leave the ends of their alerts to be waited for."""
    found = [problem for fault in faults for problem in fault.close()]
    assert found == [], "\n".join(found)
