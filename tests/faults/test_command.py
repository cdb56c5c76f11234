"""The command line of the faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.command_line import main
from pipeline.reading import saved_outputs
from sandbox.faults.kinds import FAULTS, LEFT_OUT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_kind_that_there_is_not_is_refused_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--only", "kill-everybody"]) == 2
    assert "kill-everybody is no kind of fault; --list shows them" in capsys.readouterr().err


def test_the_list_has_every_kind_and_what_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--list"]) == 0
    listed = capsys.readouterr().out
    assert [name for name in (*FAULTS, *LEFT_OUT) if name not in listed] == []


def test_without_a_sandbox_the_command_names_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(saved_outputs, "FILE", tmp_path / "outputs.json")
    assert main(["faults", "--seed", "5", "--json", str(tmp_path / "faults.json")]) == 1
    assert "make one with 'make sandbox' (seed 5)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
