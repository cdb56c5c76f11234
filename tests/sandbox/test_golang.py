"""Builds of Go programs: progress, build names and error messages."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.progress import Progress
from sandbox import golang

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a module of one program, with an empty cache."""
    monkeypatch.setattr(golang, "CACHE", tmp_path / "cache")
    monkeypatch.setattr("pipeline.checks.progress._COUNT_EACH_S", 0.0)
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module example/it\n\ngo 1.21\n")
    (folder / "main.go").write_text('package main\n\nimport _ "embed"\n\n//go:embed text\nvar text string\n\nfunc main() { print(text) }\n')
    (folder / "overlay.json").write_text(f'{{"Replace": {{"{folder}/text": "{folder}/elsewhere"}}}}')
    (folder / "elsewhere").write_text("laid over")
    return folder


def built(module: Path) -> tuple[Path, str]:
    """Build the program and return it with the output shown without a terminal."""
    stream = io.StringIO()
    with Progress(stream).step("Building it") as step:
        golang.build(module, ".", module / "it", link="-s -w", step=step, overlay=module / "overlay.json")
    return module / "it", stream.getvalue()


@pytest.mark.sandbox
def test_a_build_says_how_many_packages_are_done_of_those_that_are_missing(module: Path) -> None:
    program, shown = built(module)
    assert b"laid over" in program.read_bytes(), "what the overlay names is embedded"
    assert "Building it: waiting for the Go compiler, 1 of " in shown
    assert "Building it: waiting for the Go linker" in shown
    assert not list(module.glob("*.building"))


@pytest.mark.sandbox
def test_a_refusal_ends_with_the_compilers_own_words(module: Path) -> None:
    (module / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    with pytest.raises(golang.CompileError, match=r"`go build -v …` in .*/module failed:\n(.|\n)*undefined: undefined"):
        built(module)
    assert not list(module.glob("*.building"))


def test_the_name_of_a_build_depends_on_its_sources_and_flags_alone(module: Path) -> None:
    before = golang.digest(module, "v1")
    (module / "main_test.go").write_text("package main\n")
    (module / "notes.txt").write_text("not compiled\n")
    assert golang.digest(module, "v1") == before
    assert golang.digest(module, "v2") != before
    (module / "main.go").write_text("package main\n\nfunc main() {}\n")
    assert golang.digest(module, "v1") != before
