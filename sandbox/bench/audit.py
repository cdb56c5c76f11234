"""Time, memory and disk of an audit's comparison of Kafka's rows with the archive's.

Needs no sandbox: the rows are made on this disk, a table of four columns in six partitions, each key changed once, in an Iceberg table of
one commit for each 102,000 rows. A process with one thread of DuckDB, 256 MB for it and the environment of the audit's pod then accounts
for the table as `python -m pipeline audit --no-database` does once Kafka has been read. One row is missing in the archive and one altered;
both must be found, and nothing else. A tenth of the rows is measured first: the two show how time, memory and disk grow. Memory is the
largest resident set of that process; disk is the most that DuckDB spilled at a time. An audit also writes Kafka's rows to its folder, and
the places and hashes of the archive's.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from pipeline.audit.archive_side import ArchiveSide
from pipeline.audit.options import Options
from pipeline.audit.spill import limit, private_folder
from pipeline.audit.table_account import Sides, account
from pipeline.checks.progress import Progress
from sandbox.bench import audit_rows
from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.paths import CHECKOUT
from stack.capacity.audit import ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MEMORY: Final = "256MB"
_THREADS: Final = 1
_LOOK_S: Final = 0.5
_MIB: Final = 2**20


def measure(progress: Progress, rows: int) -> Figures:
    """Make rows and compare them.

    Args:
        progress: Shows how far it is.
        rows: Number of the rows, rounded up to fill all partitions alike.

    Raises:
        FiguresError: If the comparison fails, or does not find just what was planted.
    """
    every = [_measured(progress, audit_rows.rounded(number)) for number in (rows // 10 + 1, rows)]
    return Figures(f"Audit of {every[-1]['rows']:,} rows", str(__doc__), (table(every),), {"runs": every}, {"DuckDB": duckdb.__version__})


def _measured(progress: Progress, number: int) -> dict[str, Any]:
    with private_folder() as folder:
        with progress.step(f"Making {number:,} rows") as step:
            audit_rows.make(folder, number, step.waiting)
        files = sum(path.stat().st_size for path in folder.glob("rows-*")) / _MIB
        archive = sum(path.stat().st_size for path in (folder / "archive").rglob("*.parquet")) / _MIB
        with progress.step(f"Comparing {number:,} rows"):
            found = _compared(folder, number)
    if found["found"] != audit_rows.PLANTED:
        message = f"the comparison found {found['found']}, and {audit_rows.PLANTED} was planted"
        raise FiguresError(message)
    return {"rows": number, "kafka_mib": files, "archive_mib": archive, **found}


def _compared(folder: Path, rows: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "sandbox.bench.audit", str(folder), str(rows)]
    spilled = 0
    bounded = {**os.environ, **ENVIRONMENT}
    with subprocess.Popen(command, cwd=CHECKOUT, env=bounded, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None:
                spilled = max(spilled, _size(folder / "duckdb"))
                time.sleep(_LOOK_S)
        except BaseException:  # it would go on in a folder that is gone
            process.kill()
            process.wait()  # or it still writes there while the folder is removed
            raise
        said, complaint = process.communicate()
    if process.returncode:
        message = f"the comparison ended with {process.returncode}: {complaint.strip()[-2000:]}"
        raise FiguresError(message)
    return {**json.loads(said), "spilled_mib": spilled / _MIB}


def _size(folder: Path) -> int:
    total = 0
    for path in folder.glob("*"):
        try:
            total += path.stat().st_blocks * 512
        except FileNotFoundError:  # it ended while it was looked at
            continue
    return total


def compare(folder: Path, rows: int) -> dict[str, Any]:
    """Account for the rows in a folder.

    Args:
        folder: Where they are.
        rows: Their number.

    Returns:
        Seconds, the process's largest resident set in MiB, and what was found.
    """
    began, database, archive = time.monotonic(), duckdb.connect(), audit_rows.LocalArchive(folder)
    limit(database, folder, MEMORY, _THREADS)
    side = ArchiveSide(archive, database, audit_rows.SUBJECT, folder)  # type: ignore[arg-type] # it has what is used of it
    sides = Sides(database, side, audit_rows.WrittenKafka(folder, rows), None)
    with Progress(quiet=True).step("") as step:
        report = account(audit_rows.SUBJECT, sides, Options(patience_s=0.0), step)
    if report.undecided:
        raise FiguresError("; ".join(report.undecided))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    copied = sum(path.stat().st_size for path in folder.glob(f"{audit_rows.SUBJECT.archive}-rows-*")) / _MIB
    return {"seconds": time.monotonic() - began, "peak_mib": peak, "copied_mib": copied, "found": dict(report.found)}


def table(every: Sequence[Mapping[str, Any]]) -> Grid:
    """Return a row for each measured number of rows."""
    columns = (
        "rows",
        "minutes",
        "peak of memory in MiB",
        "spilled at most in MiB",
        "places and hashes in MiB",
        "Kafka's rows in MiB",
        "archive in MiB",
    )
    return Grid(columns, tuple((f"{one['rows']:,}", f"{one['seconds'] / 60:.1f}", *_sizes(one)) for one in every))


def _sizes(one: Mapping[str, Any]) -> list[str]:
    return [f"{one[key]:.0f}" for key in ("peak_mib", "spilled_mib", "copied_mib", "kafka_mib", "archive_mib")]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(compare(Path(sys.argv[1]), int(sys.argv[2]))))
