"""A run keeps what it has found, whatever ends it."""

from __future__ import annotations

import contextlib
import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline.checks.progress import Progress
from sandbox.faults import load
from sandbox.faults import run as runs
from sandbox.faults.books import Books, Verdict
from sandbox.faults.results import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

FOUND = Outcome(1, "kill-broker", "kafka-0", "", 1.0, 2.0, Verdict(checked=3))


@contextlib.contextmanager
def no_load(*_: Any) -> Iterator[Any]:
    """Stand for writers that write nothing."""
    yield SimpleNamespace(kinds={}, in_doubt=(0, 0))


def test_a_run_that_is_interrupted_in_its_last_look_keeps_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any) -> Verdict:
        raise KeyboardInterrupt

    monkeypatch.setattr(load, "load", no_load)
    monkeypatch.setattr(runs, "_dead_letters", lambda _: 0)
    monkeypatch.setattr(runs, "_BEFORE_S", 0.0)
    run: Any = object.__new__(runs.Run)
    run.ground, run.progress, run.outcomes, run.books = SimpleNamespace(outputs=dict), Progress(io.StringIO()), [FOUND], Books()
    monkeypatch.setattr(run, "_wait_for_newer", lambda *_: 0.0)
    monkeypatch.setattr(run, "_verdict", interrupted)
    result = run.carry_out([], 1, 1.0, 0.0)
    assert result.outcomes == (FOUND,)
    assert result.notes == ("interrupted in its last look",)
    assert not result.good
