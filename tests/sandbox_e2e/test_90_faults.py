"""Faults under load, a few kinds of `make faults`: each change of every table is in the archive once, in order, with its values.

Last of all but the breaks of the history: whatever compares the archive after it reads what a hundred thousand changes have left there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.checks.progress import Progress
from sandbox.faults.ground import Ground
from sandbox.faults.run import Run, clear
from sandbox.faults.schedule import Planned

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.sandbox

SEED = 13
RATE = 1000.0
KINDS = ("kill-walsender", "store-503")


def test_faults_under_load_lose_double_alter_and_reorder_no_change(figure: Callable[[str], None]) -> None:
    ground = Ground()
    assert clear(ground) == [], "an earlier test has left a fault"
    ground.whole()
    run = Run(ground, Progress())
    planned = [Planned(number, kind, 1.0, f"{SEED}/{number}/{kind}") for number, kind in enumerate(KINDS, 1)]
    result = run.carry_out(planned, SEED, RATE, float("inf"))
    figure("; ".join(f"{outcome.kind}: archived again after {outcome.recovery_s} s" for outcome in result.outcomes))
    assert result.named == []
    assert [outcome.kind for outcome in result.outcomes] == list(KINDS)
    assert result.committed > RATE * 30
    assert result.good
