"""The table of a run, its exit and its files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import results
from sandbox.faults.books import Verdict
from sandbox.faults.results import Outcome, Result

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = {
    "command": "python -m pipeline faults",
    "date": "2026-11-29 01:00 UTC",
    "commit": "abc",
    "machine": {"cpus": 2, "model": "a processor", "memory_mib": 100, "system": "Debian"},
}
LOST = Verdict(90, missing=("users 7 u1", "users 8 u1"))


def outcome(kind: str, recovery: float | None = 10.0, verdict: Verdict | None = None, trouble: str = "") -> Outcome:
    return Outcome(1, kind, "kafka-1", "2026-11-29T01:00:00+00:00", 3.0, recovery, verdict or Verdict(100), trouble)


def result(*outcomes: Outcome, last: Verdict | None = None, notes: tuple[str, ...] = ()) -> Result:
    return Result(7, 1000.0, 60.0, 60_000, {"insert": 30}, (2, 1), outcomes, last or Verdict(5), notes)


def test_a_kind_has_its_number_median_worst_and_result() -> None:
    grid = results.table([outcome("kill-broker", 30.0), outcome("cut-brokers"), outcome("kill-broker", 10.0), outcome("kill-broker", 20.0)])
    assert grid.rows == (
        ("cut-brokers", "1", "10.0", "10.0", "100", "each once, in order"),
        ("kill-broker", "3", "20.0", "30.0", "300", "each once, in order"),
    )


def test_a_sound_run_is_good_and_names_nothing() -> None:
    sound = result(outcome("kill-broker"))
    assert sound.good
    assert sound.named == []
    assert "What is wrong" not in results.document(sound, ABOUT)


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        (result(outcome("kill-broker", verdict=LOST)), "fault 1, kill-broker: 2 missing, for example users 7 u1, users 8 u1"),
        (result(last=Verdict(5, twice=("orders 3 c0",))), "at the end: 1 twice, for example orders 3 c0"),
        (result(outcome("kill-broker", trouble="kafka is not ready")), "fault 1, kill-broker: kafka is not ready"),
        (result(notes=("3 dead letters",)), "3 dead letters"),
    ],
)
def test_what_is_wrong_is_named_and_makes_the_run_bad(bad: Result, named: str) -> None:
    assert not bad.good
    assert named in bad.named
    assert named in results.document(bad, ABOUT)


def test_a_fault_without_recovery_makes_the_run_bad() -> None:
    bad = result(outcome("kill-broker", None))
    assert not bad.good
    assert results.table(bad.outcomes).rows[0][-1] == "no recovery"


def test_the_files_name_seed_load_and_transactions_in_doubt(tmp_path: Path) -> None:
    results.save(tmp_path / "faults.json", result(outcome("kill-broker")), ABOUT)
    text = (tmp_path / "faults.md").read_text()
    assert "seed 7" in text
    assert "60000 changes in 60 s, 1000 a second" in text
    assert "2 committed after all, 1 not" in text
    kept = json.loads((tmp_path / "faults.json").read_text())
    assert kept["outcomes"][0]["hit"] == "kafka-1"
    assert kept["seed"] == 7
