"""Every test of the project by parts, each with what it needs, and a line in ``bench/verified.md`` for each part that ended.

``make nightly`` runs the parts that have not ended on this commit, so a run that was broken off goes on.
``make nightly PART=long`` runs one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
TABLE: Final = ROOT / "bench" / "verified.md"
_HEAD: Final = """\
# The last full run of each part

`make nightly` writes this table: a line for each part, of the last commit on which it ended. *Unstable* tests failed once and passed when
they were run again.

| part | commit | date | minutes | passed | failed | unstable |
|---|---|---|---|---|---|---|
"""
_BESIDE: Final = ("-n", "2", "--dist", "loadfile")
_AGAIN: Final = ("--reruns", "1")
PIPELINE: Final = ("tests/doctor", "tests/sandbox/test_kubernetes_live.py", "tests/sandbox_e2e")
"""Tests that share the running pipeline, so they run one after another."""
CLUSTER: Final = tuple(sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests/engine").glob("test_live_*.py")))
"""Tests of the engine that make and remove the pipeline of one cluster."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the full tier.

    Attributes:
        ground: Commands that lay what the part needs.
        tests: Arguments of pytest.
        also: Arguments of ``python -m pipeline`` in place of tests.
    """

    ground: tuple[tuple[str, ...], ...]
    tests: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


_SANDBOX: Final = (("make", "sandbox"),)
_ENGINE: Final = (("make", "sandbox-down", "engine"),)
_A_CLUSTER: Final = (("make", "sandbox-down", "engine", "sandbox-cluster"),)
PARTS: Final = {
    "python": Part((), (*_BESIDE, "-m", "not sandbox and not kind and not engine and not readers and not judges and not browser", "tests")),
    "images": Part(_SANDBOX, (*_BESIDE, *_AGAIN, "-m", "sandbox and not long", *(f"--ignore={path}" for path in PIPELINE))),
    "pipeline": Part(_SANDBOX, (*_AGAIN, "-m", "sandbox and not long", *PIPELINE)),
    "long": Part(_SANDBOX, (*_AGAIN, "-m", "sandbox and long", *PIPELINE)),
    "faults": Part(_SANDBOX, also=("faults",)),
    "engine": Part(_ENGINE, (*_BESIDE, *_AGAIN, "-m", "engine", *(f"--ignore={path}" for path in CLUSTER))),
    "engine-cluster": Part(_A_CLUSTER, (*_AGAIN, "-m", "engine and not long", *CLUSTER)),
    "engine-long": Part(_A_CLUSTER, (*_AGAIN, "-m", "engine and long", *CLUSTER)),
    "readers": Part(((sys.executable, "-m", "tests.readers.installation"),), ("-m", "readers", "tests/readers")),
    "judges": Part(((sys.executable, "-m", "tests.judges.installation"),), ("-m", "judges", "tests/judges")),
    "browser": Part((), ("-m", "browser", "tests/status")),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A part that ended.

    Attributes:
        passed: Number of tests.
        failed: Number of tests that failed, also when they were run again.
        unstable: Names of tests that failed once.
    """

    passed: int
    failed: int
    unstable: tuple[str, ...] = ()


def line(part: str, outcome: Outcome, commit: str, minutes: float, day: str) -> str:
    """Return the row of the table for a part."""
    unstable = ", ".join(f"`{name}`" for name in outcome.unstable) or "none"
    return f"| {part} | {commit} | {day} | {minutes:.1f} | {outcome.passed} | {outcome.failed} | {unstable} |"


def rows(text: str) -> dict[str, str]:
    """Return the rows of the table in a text by their part."""
    found = (one for one in text.splitlines() if one.startswith("| "))
    return {one.split("|")[1].strip(): one for one in found if one.split("|")[1].strip() in PARTS}


def table(known: dict[str, str]) -> str:
    """Return the document with these rows, in the order of the parts."""
    return _HEAD + "".join(f"{known[part]}\n" for part in PARTS if part in known)


def _commit() -> str:
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _run(part: Part) -> Outcome:
    for command in part.ground:
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            return Outcome(0, 1)
    if part.also:
        ended = subprocess.run([sys.executable, "-m", "pipeline", *part.also], cwd=ROOT, check=False).returncode
        return Outcome(int(ended == 0), int(ended != 0))
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "counts.json"
        subprocess.run([sys.executable, "-m", "pytest", "--durations=15", "--counts", counts, *part.tests], cwd=ROOT, check=False)
        told = json.loads(counts.read_text()) if counts.exists() else {"passed": 0, "failed": 1, "unstable": []}
    return Outcome(told["passed"], told["failed"], tuple(told["unstable"]))


def main(arguments: list[str] | None = None) -> int:
    """Run the parts that are named, or all that have not ended on this commit; return 1 if a test failed."""
    parser = argparse.ArgumentParser(prog="make nightly", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; default: all that have not ended on this commit"
    )
    named = parser.parse_args(arguments).parts
    if unknown := [part for part in named if part not in PARTS]:
        parser.error(f"unknown part {', '.join(unknown)}; parts: {', '.join(PARTS)}")
    commit, failed = _commit(), 0
    for part in named or PARTS:
        known = rows(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
        if not named and part in known and f"| {commit} |" in known[part]:
            print(f"{part}: has ended on {commit}", flush=True)
            continue
        print(f"{part}: begins", flush=True)
        began = time.monotonic()
        outcome = _run(PARTS[part])
        row = line(part, outcome, commit, (time.monotonic() - began) / 60, datetime.now(UTC).date().isoformat())
        TABLE.write_text(table({**known, part: row}), encoding="utf-8")
        print(row, flush=True)
        failed += outcome.failed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
