"""Seconds from an INSERT to the row in the archive.

Single rows, each at a random moment of the sink's commit interval and only after the row before has arrived. The clock starts before
the INSERT is sent and stops when a reader finds the row in the table's current snapshot; the catalog is asked for a new snapshot five
times a second. The rows are removed afterwards.
"""

from __future__ import annotations

import random
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from pipeline.reading.archive import Archive
from providers.waiting import Patience
from sandbox import connectors
from sandbox.bench import machine, rows, sink
from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.bench.samples import Spread
from sandbox.equality import connect
from sandbox.kubernetes import Kube
from sandbox.paths import KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.checks.progress import Progress

_POLL_S: Final = 0.2
_PATIENCE_S: Final = 180.0


def measure(outputs: Mapping[str, Any], progress: Progress, number: int) -> Figures:
    """Insert rows one by one and wait for each.

    Args:
        outputs: The stack's outputs.
        progress: Shows which row is on its way.
        number: How many rows.

    Raises:
        FiguresError: If a row does not arrive.
    """
    archive, interval_s, what = Archive(outputs), sink.commit_interval_s(outputs), rows.measured(outputs)
    seconds: list[float] = []
    with (
        rows.removed_after(outputs, what, progress) as mark,
        connect(outputs) as database,
        progress.step("Waiting for single rows") as step,
    ):
        for turn in range(1, number + 1):
            step.waiting(f"row {turn} of {number}" + (f", the last took {seconds[-1]:.1f} s" if seconds else ""))
            time.sleep(random.uniform(0, interval_s))  # noqa: S311 - a moment, not a secret
            started = time.monotonic()
            rows.insert(database, what, mark, turn, turn)
            _wait(outputs, archive, what, rows.address(mark, turn))
            seconds.append(time.monotonic() - started)
    versions = machine.sandbox_versions(Kube(KUBECONFIG))
    raw = {"commit_interval_s": interval_s, "seconds": seconds, "spread": asdict(Spread.of(seconds))}
    return Figures("From INSERT to the archive, in seconds", str(__doc__), (table(seconds, interval_s),), raw, versions)


def _wait(outputs: Mapping[str, Any], archive: Archive, what: rows.Measured, address: str) -> None:
    """Return when the archive holds the row."""
    patience, seen = Patience(_PATIENCE_S), ""
    while True:
        table = archive.table(what.table.archive_name)
        if table.metadata_location != seen:
            seen = table.metadata_location
            marker = what.marker.name
            if table.scan(row_filter=f"{marker} == '{address}'", selected_fields=(marker,)).to_arrow().num_rows:
                return
        if not patience.go_on(f"the row of {address}", _POLL_S):
            break
    failed = connectors.failures(outputs)
    message = "\n".join([patience.verdict(f"the row of {address} is not in the archive"), *failed])
    raise FiguresError(message)


def table(seconds: Sequence[float], interval_s: float) -> Grid:
    """One row with the distribution.

    Args:
        seconds: What each row took.
        interval_s: Seconds from commit to commit.
    """
    spread = Spread.of(seconds)
    values = (spread.median, spread.p95, spread.least, spread.greatest)
    cells = (f"{spread.number}, a commit every {interval_s:.0f} s", *(f"{value:.1f}" for value in values))
    return Grid(("rows", "median", "95th percentile", "min", "max"), (cells,))
