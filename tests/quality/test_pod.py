"""Scores beside the exporter's looks: a check that fails takes the scores away, says why once, and is tried again."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pipeline.description.stack import UnansweredError
from pipeline.quality import pod
from pipeline.quality.looking import Bounds
from pipeline.quality.pod import Scores, beside
from stack.settings.quality import QualitySettings
from stack.settings.tables import Column, Table
from tests.quality.test_exporter import samples
from tests.quality.test_scoring import WHOLE, report

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Stack:
    """A stack, as far as a check that is replaced needs it."""

    name = "x"
    tables = (Table(name="t0", columns=(Column(name="id", type="bigint"),)),)


def scores(monkeypatch: pytest.MonkeyPatch, *answers: Callable[[], Any]) -> Scores:
    """Return scores whose checks have these answers, one after the other."""
    waiting = iter(answers)
    monkeypatch.setattr(pod, "with_keys", lambda stack: stack)
    monkeypatch.setattr(pod, "check", lambda *_, **__: next(waiting)())
    return Scores(Stack(), QualitySettings(), Bounds())  # type: ignore[arg-type]


def failing(error: Exception) -> Callable[[], Any]:
    def fail() -> Any:
        raise error

    return fail


def test_a_check_that_fails_takes_the_scores_away_and_says_why_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    full = failing(OSError(28, "No space left on device"))
    found = scores(monkeypatch, lambda: report(WHOLE), full, full, lambda: report(WHOLE))
    found.work()
    assert samples(found.last) == {"public.t0": 1.0}
    found.work()
    found.work()
    assert samples(found.last) == {}
    assert capsys.readouterr().err == "no score of public.t0: the check has failed: OSError\n"
    found.work()
    assert samples(found.last) == {"public.t0": 1.0}


def test_a_role_that_cannot_be_assumed_is_a_reason(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = scores(monkeypatch)
    monkeypatch.setattr(pod, "with_keys", lambda _: failing(UnansweredError("the AWS role cannot be assumed"))())
    found.work()
    assert capsys.readouterr().err == "no score of public.t0: the AWS role cannot be assumed\n"


def test_checks_run_beside_the_looks_until_they_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    checked, ended = threading.Event(), threading.Event()

    def answer(*_: Any, bounds: Bounds, **__: Any) -> Any:
        assert bounds == Bounds(duckdb_mib=48, threads=1, fetched_mib=8)
        checked.set()
        return report(WHOLE)

    monkeypatch.setattr(pod, "with_keys", lambda stack: stack)
    monkeypatch.setattr(pod, "check", answer)
    settings = QualitySettings().model_dump(mode="json", by_alias=True)
    last = beside({"quality": {"settings": settings, "duckdbMib": 48, "fetchedMib": 8}}, Stack(), ended)  # type: ignore[arg-type]
    assert checked.wait(20)
    ended.set()
    for thread in threading.enumerate():
        if thread.name == "scores":
            thread.join(20)
    assert samples(last) == {"public.t0": 1.0}
