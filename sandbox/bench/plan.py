"""Duration of `python -m pipeline plan`, and the share of starting Python and importing Pulumi.

Each command runs once unmeasured and then several times by turns, so that a slow moment of the machine meets all of them. No compiled
files of the project are kept, as under `make plan`. The last column divides by the imports alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.bench.samples import Spread
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.progress import Progress

_IMPORTS: Final = "start and import of pulumi and the SDKs"
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "start of Python": ("-c", "pass"),
    "start and import of pulumi": ("-c", "import pulumi"),
    _IMPORTS: ("-W", "ignore", "-c", "import pulumi, pulumi_aws, pulumi_kafka, pulumi_kubernetes, pulumi_random, pulumi_tls"),
    "plan --stack dev": ("-m", "pipeline", "plan", "--stack", "dev"),
    "plan --stack sandbox": ("-m", "pipeline", "plan", "--stack", "sandbox"),
}


def measure(progress: Progress, runs: int) -> Figures:
    """Time the commands by turns.

    Args:
        progress: Shows what runs.
        runs: How often each is measured.

    Raises:
        FiguresError: If one of them fails.
    """
    seconds: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    with progress.step("Timing the plan") as step:
        for turn in range(runs + 1):
            for name, arguments in _COMMANDS.items():
                step.waiting(f"{name}, turn {turn} of {runs}")
                taken = _timed(arguments)
                if turn:
                    seconds[name].append(taken)
    return Figures("The plan, in seconds", str(__doc__), (table(seconds, _IMPORTS),), {"seconds": seconds})


def _timed(arguments: Sequence[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - started
    if done.returncode:
        message = f"'python {' '.join(arguments)}' ended with {done.returncode}:\n{done.stderr.strip()}"
        raise FiguresError(message)
    return taken


def table(seconds: Mapping[str, Sequence[float]], base: str) -> Grid:
    """One row for each command.

    Args:
        seconds: Name of each command to its times.
        base: The command that the others are divided by.
    """
    spreads = {name: Spread.of(times) for name, times in seconds.items()}
    rows = [
        (name, f"{spread.median:.2f}", f"{spread.least:.2f}", f"{spread.greatest:.2f}", f"{spread.median / spreads[base].median:.2f}")
        for name, spread in spreads.items()
    ]
    return Grid(("command", "median", "min", "max", "times the imports"), tuple(rows))
