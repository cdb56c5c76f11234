"""The recorded starts of the sandbox become one table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.progress import Progress
from sandbox.bench import steps
from sandbox.bench.figures import FiguresError
from sandbox.bench.steps import Run

if TYPE_CHECKING:
    from pathlib import Path

COLD = Run({"build": 100.0, "start": 20.0, "small": 1.0}, 110.5)
AGAIN = Run({"start": 0.5, "check": 2.0}, None)


def test_the_largest_steps_have_rows_and_the_others_are_summed() -> None:
    assert steps.table({"cold": COLD, "again": AGAIN}, named=2).rows == (
        ("build", "100.0", "-"),
        ("start", "20.0", "0.5"),
        ("2 other steps", "1.0", "2.0"),
        ("all steps added up", "121.0", "2.5"),
        ("the whole command, by the clock", "110.5", "-"),
    )


def test_a_step_counts_by_the_run_in_which_it_took_longest() -> None:
    assert steps.largest([AGAIN, COLD], 3) == ["build", "start", "check"]


def test_no_row_is_made_for_others_when_there_are_none() -> None:
    assert [row[0] for row in steps.table({"again": AGAIN}).rows][:2] == ["check", "start"]
    assert len(steps.table({"again": AGAIN}).rows) == 4


def test_what_the_sandbox_records_can_be_read(tmp_path: Path) -> None:
    progress = Progress(quiet=True)
    with progress.step("Starting Kubernetes"):
        pass
    path = tmp_path / "cold.json"
    path.write_text(json.dumps(progress.seconds))
    assert steps.read(str(path)) == Run(progress.seconds, None)
    assert steps.read(f"{path}@612.5") == Run(progress.seconds, 612.5)


def test_a_file_name_may_hold_the_sign_that_the_seconds_come_after(tmp_path: Path) -> None:
    path = tmp_path / "cold@home.json"
    path.write_text('{"a": 1}')
    assert steps.read(str(path)) == Run({"a": 1.0}, None)
    assert steps.read(f"{path}@7") == Run({"a": 1.0}, 7.0)


@pytest.mark.parametrize("text", ["", "[]", "{}", "[1]", '{"a": "1"}', '{"a": -1}', '{"a": true}'])
def test_another_file_is_refused_with_the_command_that_writes_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(FiguresError, match=r"other\.json .*python -m pipeline sandbox up --times FILE"):
        steps.read(str(path))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FiguresError, match="is not a file that"):
        steps.read(str(tmp_path / "absent.json"))


def test_without_any_file_it_is_said_how_to_get_one() -> None:
    with pytest.raises(FiguresError, match="give it with --cold, --warm or --again"):
        steps.measure({"cold": None, "warm": None, "again": None})


def test_a_run_that_was_not_recorded_has_no_column(tmp_path: Path) -> None:
    path = tmp_path / "warm.json"
    path.write_text('{"a": 1}')
    found = steps.measure({"cold": None, "warm": str(path), "again": None})
    assert found.grids[0].columns == ("step", "warm")
    assert found.raw == {"warm": {"seconds": {"a": 1.0}, "wall_s": None}}
