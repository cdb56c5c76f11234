"""The command writes files that follow the stack, and says in one sentence why it cannot."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from pipeline.existing_prometheus import commands
from pipeline.recording.recorder import ROOT, _encoded
from pipeline.recording.stackfile import stack_config
from tests.monitoring.existing import existing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives the stack dev an existing Prometheus of a kind."""

    def chosen(kind: str) -> None:
        config = stack_config(ROOT, "dev")
        values = {**config.values, **_encoded(existing("dev", kind)[1], config.project)}
        monkeypatch.setattr(commands, "stack_config", lambda _root, _name: dataclasses.replace(config, values=values))

    return chosen


def test_the_same_stack_gives_the_same_bytes(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack("files")
    for folder in ("a", "b/c"):
        assert main(["monitoring", "--out", str(tmp_path / folder)]) == 0
        told = capsys.readouterr()
        assert told.out.startswith("wrote ")
        assert told.err == ""
    first, second = (
        {path.relative_to(tmp_path / one): path.read_bytes() for path in (tmp_path / one).rglob("*.yml")} for one in ("a", "b/c")
    )
    assert first == second
    assert len(first) > 10


def test_a_rule_file_of_an_earlier_stack_is_named(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack("files")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "old.yml").write_text("", encoding="utf-8")
    assert main(["monitoring", "--out", str(tmp_path)]) == 0
    assert f"{tmp_path}/rules/old.yml is not of this stack as it is now" in capsys.readouterr().err


def test_with_the_operator_the_command_writes_the_inhibitions(stack: Any, tmp_path: Path) -> None:
    stack("operator")
    assert main(["monitoring", "--out", str(tmp_path)]) == 0
    assert [path.name for path in tmp_path.rglob("*")] == ["inhibit-rules.yml"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--stack", "dev"], 2, "data-ingestion:monitoring.kind: the stack dev has no existing Prometheus"),
        (["--stack", "sandbox"], 2, "set monitoring.enabled to true, monitoring.kind to files"),
        (["--stack", "nowhere"], 2, "nowhere"),
    ],
)
def test_a_stack_without_an_existing_prometheus_is_a_sentence(
    arguments: list[str], code: int, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitoring", *arguments, "--out", str(tmp_path)]) == code
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_a_sentence(stack: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stack("files")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert main(["monitoring", "--out", str(tmp_path / "file" / "below")]) == 1
    assert "cannot be written" in capsys.readouterr().err
