"""The door: injects faults into the running sandbox and keeps the result."""

from __future__ import annotations

import os
import secrets
import signal
import sys
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from rich.table import Table as Grid

from pipeline.checks.direct import without_proxy
from pipeline.checks.progress import Progress
from pipeline.checks.terminal import console
from sandbox.addresses import NODE
from sandbox.bench import machine
from sandbox.bench.commands import was_interrupted
from sandbox.faults import audited, results
from sandbox.faults.ground import Ground
from sandbox.faults.kinds import FAULTS, LEFT_OUT, Fault
from sandbox.faults.run import Run, clear
from sandbox.faults.schedule import schedule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_INTERRUPTED: Final = 130
_FOR_EVER: Final = float("inf")


def names() -> int:
    """Print every kind of fault, and what is left out."""
    out = console()
    for title, rows in (
        ("Kinds of fault", [(fault.name, _described(fault)) for fault in FAULTS.values()]),
        ("Left out", list(LEFT_OUT.items())),
    ):
        grid = Grid(title=title, title_justify="left", show_header=False)
        for name, text in rows:
            grid.add_row(name, text)
        out.print(grid)
    return 0


def _described(fault: Fault) -> str:
    return f"{fault.does}; undone: {fault.undone}" + ("; needs root" if fault.root else "")


def run(only: Sequence[str], words: Sequence[str], *, seed: int | None, count: int, rate: float, minutes: float | None, to: Path) -> int:
    """Inject faults and write the result.

    Args:
        only: Kinds to choose from; all that do not take minutes where there are none.
        words: The command line, which the result names.
        seed: What decides the run; any where there is none.
        count: Number of faults.
        rate: Changes per second.
        minutes: Minutes after which no further fault begins.
        to: JSON file of the result; its table goes beside it.

    Returns:
        The exit code: 0 when all is well, 1 when something is lost, doubled, altered or out of order, or a fault could not be injected.
    """
    os.environ |= without_proxy(os.environ, NODE)
    signal.signal(signal.SIGTERM, _interrupted)
    seed = secrets.randbelow(100_000) if seed is None else seed
    progress, about = Progress(), machine.about(words)
    kinds = only or [name for name, fault in FAULTS.items() if not fault.slow]
    try:
        ground = Ground()
        with progress.step("Looking for what an earlier run has left") as step:
            left = clear(ground)
            ground.whole(step)
        for what in left:
            progress.note(f"An earlier run had left {what}; it is undone")
        progress.note(f"Seed {seed}, {count} faults of {len(kinds)} kinds, {rate:.0f} changes a second")
        since_ms = time.time_ns() // 1_000_000
        until = time.monotonic() + minutes * 60 if minutes else _FOR_EVER
        result = Run(ground, progress).carry_out(schedule(seed, count, kinds), seed, rate, until)
        # what was found is kept, however long the audit takes
        results.save(to, result, about)
        result = replace(result, notes=(*result.notes, *audited.complaints(since_ms, progress)))
    except KeyboardInterrupt:
        print("interrupted; the fault that went on is undone", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the door: people get the message, SANDBOX_TRACEBACK=1 adds where it came from
        if was_interrupted(error):
            print("interrupted; the fault that went on is undone", file=sys.stderr)
            return _INTERRUPTED
        if os.environ.get("SANDBOX_TRACEBACK"):
            traceback.print_exc()
        print(f"error: {str(error) or repr(error)} (seed {seed})", file=sys.stderr)
        return 1
    return _shown(result, about, to)


def _shown(result: results.Result, about: Mapping[str, Any], to: Path) -> int:
    results.save(to, result, about)
    console().print(results.document(result, about))
    for line in result.named:
        print(f"error: {line}", file=sys.stderr)
    if not result.good:
        print(f"error: repeat it with --seed {result.seed}", file=sys.stderr)
    return 0 if result.good else 1


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt
