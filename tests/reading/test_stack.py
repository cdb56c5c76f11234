"""A running stack, asked of the CLI: a program on PATH stands for it, since what matters here is what is made of its answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.reading.stack import NotRunningError, RunningStack, running
from stack.settings.model import Settings

if TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = {name: {} for name in ("postgres", "kafka", "registry", "connect", "archive")} | {"tables": [{"name": "public.users"}]}


def answering(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Put a program called pulumi on PATH that runs a script."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_a_stack_that_is_up_has_its_tables_and_a_reader_of_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(tmp_path, monkeypatch, f"echo '{json.dumps(OUTPUTS)}'")
    stack = running("dev")
    assert [table.qualified for table in stack.tables] == ["public.users"]
    assert stack.outputs["reader"]["region"] == stack.settings.archive.region
    assert "secretAccessKey" not in stack.outputs["reader"]


def test_a_stack_in_a_traceback_shows_no_output_since_some_are_secrets() -> None:
    assert "hidden" not in repr(RunningStack("dev", Settings.model_construct(), {"archive": {"secretAccessKey": "hidden"}}))


def test_a_stack_that_is_not_up_is_told_with_the_reason_and_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(tmp_path, monkeypatch, "echo 'error: no stack named dev found' >&2; exit 255")
    with pytest.raises(NotRunningError, match="'pulumi stack output --stack dev' failed: error: no stack named dev found"):
        running("dev")
    answering(tmp_path, monkeypatch, "echo '{}'")
    with pytest.raises(NotRunningError, match=r"has no output postgres, kafka, .* yet: run 'pulumi up --stack dev'"):
        running("dev")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(NotRunningError, match="not on PATH: install it"):
        running("dev")
