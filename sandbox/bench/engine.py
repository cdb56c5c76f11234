"""The Pulumi engine on the sandbox's ground: how long each command takes, and the memory of the CLI with everything that it starts.

Needs a ground without a pipeline (`make sandbox-down`, then `python -m pipeline sandbox cluster`) and leaves it so. Each command is the one
that `python -m pipeline sandbox pulumi -- …` runs, without a preview before; memory is the highest sum of the proportional set sizes of its
processes, looked at five times a second. The last column divides by the empty preview's time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.progress import Progress

_LOOK_S: Final = 0.2
_UP: Final = ("up", "--yes", "--skip-preview")
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "preview of an empty stack": ("preview",),
    "first up": _UP,
    "second up, nothing to change": _UP,
    "preview, nothing to change": ("preview", "--expect-no-changes"),
    "refresh, no drift": ("refresh", "--yes", "--skip-preview", "--expect-no-changes"),
    "destroy": ("destroy", "--yes", "--skip-preview"),
}


def measure(progress: Progress) -> Figures:
    """Run the commands one after another.

    Raises:
        FiguresError: If one fails.
    """
    found: dict[str, dict[str, float]] = {}
    with progress.step("Driving the engine") as step:
        for name, arguments in COMMANDS.items():
            step.waiting(name)
            found[name] = _run(arguments)
    return Figures("The Pulumi engine", str(__doc__), (table(found),), found)


def _run(arguments: tuple[str, ...]) -> dict[str, float]:
    command = [sys.executable, "-m", "pipeline", "sandbox", "pulumi", "--", *arguments, "--non-interactive"]
    started, peak = time.monotonic(), 0
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while process.poll() is None:
            peak = max(peak, sum(_kib(pid) for pid in _tree(process.pid)))
            try:
                process.wait(_LOOK_S)
            except subprocess.TimeoutExpired:
                continue
        said = process.stdout.read() if process.stdout else ""
    if process.returncode:
        message = f"pulumi {' '.join(arguments)} ended with {process.returncode}:\n{said[-2000:]}"
        raise FiguresError(message)
    return {"seconds": time.monotonic() - started, "peak_mib": peak / 1024}


def _tree(root: int) -> list[int]:
    """Return a process and all that it and they have started."""
    found, at = [root], 0
    while at < len(found):
        for thread in Path(f"/proc/{found[at]}/task").glob("*/children"):
            try:
                found += [int(pid) for pid in thread.read_text().split()]
            except OSError:
                continue
        at += 1
    return found


def _kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def table(found: Mapping[str, Mapping[str, float]]) -> Grid:
    """One row for each command."""
    base = next(iter(found.values()))["seconds"]
    rows = [(name, f"{item['seconds']:.1f}", f"{item['peak_mib']:.0f}", f"{item['seconds'] / base:.1f}") for name, item in found.items()]
    return Grid(("command", "seconds", "peak of memory in MiB", "times the empty preview"), tuple(rows))
