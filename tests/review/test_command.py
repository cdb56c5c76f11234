"""The command ``python -m pipeline review`` as people and scripts use it."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.command_line import main
from pipeline.recording.recorder import ROOT
from pipeline.review.published import UnreadablePagesError, published
from tests.review.previews import STORED, comment, text

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_and_standard_input_give_the_same(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["review", "digest", str(STORED / "memory.jsonl")]) == 0
    from_file = capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(text("memory.jsonl")))
    assert main(["review", "digest"]) == 0
    assert capsys.readouterr().out == from_file == comment("memory.jsonl")


def test_the_text_form_has_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "digest", "--format", "text", str(STORED / "table-removed.jsonl")]) == 0
    shown = capsys.readouterr().out
    assert "  LOST  Topic postgres.public.order_items  deleted\n      holds    every record in it\n" in shown
    assert not any(mark in shown for mark in ("**", "<details>", "| ", "`", "<!--", "\x1b"))


@pytest.mark.parametrize(("name", "code"), [("table-removed.jsonl", 3), ("memory.jsonl", 0), ("volume-grown.jsonl", 0)])
def test_lost_data_is_an_exit_code_where_it_is_asked_for(name: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "digest", "--fail-on-data-loss", str(STORED / name)]) == code
    assert main(["review", "digest", str(STORED / name)]) == 0
    assert capsys.readouterr().out == comment(name) * 2


def test_what_cannot_be_read_ends_with_a_reason_and_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad").write_text("error: no stack\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name, told in (
        ("bad", "line 1 of the preview is not JSON"),
        ("binary", "can't decode"),
        ("missing", "missing cannot be read: No such file or directory"),
    ):
        assert main(["review", "digest", str(tmp_path / name)]) == 1
        assert told in capsys.readouterr().err


def test_a_limit_below_the_lead_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["review", "digest", "--limit", "100", str(STORED / "memory.jsonl")]) == 1
    assert "raise --limit" in capsys.readouterr().err


def test_a_preview_without_a_resource_needs_the_name_of_its_stack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none.json").write_text('{"steps": [], "changeSummary": {}}')
    assert main(["review", "digest", str(tmp_path / "none.json")]) == 1
    assert "--stack PROJECT/STACK" in capsys.readouterr().err
    assert main(["review", "digest", "--stack", "p/s", str(tmp_path / "none.json")]) == 0
    assert capsys.readouterr().out.startswith("<!-- data-ingestion preview p/s -->\n")


def test_help_explains_the_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "pipeline", "review", "digest", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for word in ("pulumi preview --stack dev --json", "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1", "Exit codes:", "--fail-on-data-loss"):
        assert word in shown


MINE = '{"id": 7, "user": {"login": "bot"}, "body": "<!-- m -->\\r\\ntext"}'


def test_the_authors_oldest_comment_is_found_over_pages() -> None:
    pages = f'[{{"id": 1, "user": {{"login": "x"}}, "body": "<!-- m -->"}}]\n[{MINE}, {MINE.replace("7", "9")}]'
    found = published(pages, "<!-- m -->", "bot")
    assert found is not None
    assert found["id"] == 7


@pytest.mark.parametrize("pages", ["", "[]", "[][]", '[{"id": 1, "user": null, "body": null}]', f"[{MINE.replace('m', 'mm', 1)}]"])
def test_without_a_matching_comment_none_is_found(pages: str) -> None:
    assert published(pages, "<!-- m -->", "bot") is None


@pytest.mark.parametrize("pages", ["not json", '{"message": "Bad credentials"}', "[1]"])
def test_an_answer_that_is_no_list_is_refused(pages: str) -> None:
    with pytest.raises(UnreadablePagesError):
        published(pages, "<!-- m -->", "bot")
