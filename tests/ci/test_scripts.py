"""The scripts that every CI calls. Stored outputs stand in for the CLI, a folder for GitHub."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.recording.recorder import ROOT
from tests.review.previews import STORED

if TYPE_CHECKING:
    from pathlib import Path

CLI = """\
#!/usr/bin/env bash
printf '%s\\n' "$@" > "$SEEN"
env | grep ^PULUMI_ | sort >> "$SEEN"
test -z "$OUTPUT" || cat "$OUTPUT"
echo "$ERROR" >&2
exit "$CODE"
"""
GITHUB = """\
#!/usr/bin/env python3
import json, os, pathlib, sys
store = pathlib.Path(os.environ["STORE"])
items, words = json.loads(store.read_text()), sys.argv[1:]
assert os.environ["GH_TOKEN"] == "a-token" and words.pop(0) == "api", words
fields = {}
for flag in [word for word in words if word in ("--field", "--raw-field")]:
    at = words.index(flag)
    key, _, value = words[at + 1].partition("=")
    fields[key] = pathlib.Path(value[1:]).read_text() if flag == "--field" and value.startswith("@") else value
    del words[at : at + 2]
method = words[words.index("--method") + 1] if "--method" in words else "GET"
path = words[-1].partition("?")[0] if method == "GET" else [word for word in words if word.startswith("repos/")][0]
if os.environ.get("DOWN"):
    sys.exit(1)
if method == "GET":
    listed = [item for item in items if item["list"] == path and item.get("state", "open") == "open"]
    print(json.dumps(listed[:1]) + json.dumps(listed[1:]))
elif method == "POST":
    items.append({"list": path, "id": len(items) + 1, "number": len(items) + 1, "user": {"login": "github-actions[bot]"}, **fields})
else:
    kept, _, number = path.rpartition("/")
    (item,) = [item for item in items if str(item["id"]) == number]
    item |= fields
store.write_text(json.dumps(items))
"""


@dataclass(frozen=True)
class Bench:
    """A folder with both stand-ins on the PATH."""

    folder: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {
            **os.environ,
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "SEEN": str(self.folder / "seen"),
            "STORE": str(self.folder / "store.json"),
            "GH_TOKEN": "a-token",
            "GITHUB_REPOSITORY": "owner/name",
            "CODE": "0",
            "ERROR": "",
            "OUTPUT": "",
            **environment,
        }
        known.pop("ACCEPT_DATA_LOSS", None) if "ACCEPT_DATA_LOSS" not in environment else None
        return subprocess.run(
            [f"{ROOT}/.ci/{command[0]}", *command[1:]], cwd=self.folder, env=known, capture_output=True, text=True, timeout=300, check=False
        )

    def preview(self, name: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("preview.sh", "sandbox", "comment.md", OUTPUT=str(STORED / name), CODE=str(code), **environment)

    def drift(self, name: str, code: int, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("drift.sh", "sandbox", "report.md", OUTPUT=str(STORED / name) if name else "", CODE=str(code), **environment)

    @property
    def comment(self) -> str:
        return (self.folder / "comment.md").read_text(encoding="utf-8")

    @property
    def published(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads((self.folder / "store.json").read_text())
        return items


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    for name, text in (("pulumi", CLI), ("gh", GITHUB)):
        (tmp_path / name).write_text(textwrap.dedent(text))
        (tmp_path / name).chmod(0o755)
    (tmp_path / "store.json").write_text("[]")
    return Bench(tmp_path)


def test_a_preview_is_asked_for_with_the_pack_and_without_a_refresh(bench: Bench) -> None:
    done = bench.preview("memory.jsonl")
    assert done.returncode == 0, done.stderr
    seen = (bench.folder / "seen").read_text().split("\n")
    assert seen[:5] == ["preview", "--stack", "sandbox", "--json", "--non-interactive"]
    assert {"PULUMI_OPTION_POLICY_PACK=policy", "PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1"} <= set(seen)
    assert bench.comment.startswith("<!-- data-ingestion preview data-ingestion/sandbox -->\n")
    assert "Preview of data-ingestion/sandbox" in done.stdout


def test_only_the_comment_is_left(bench: Bench) -> None:
    """The preview itself may hold a secret in plain text."""
    (bench.folder / "tmp").mkdir()
    bench.preview("secrets.jsonl", 1, TMPDIR=str(bench.folder / "tmp"))
    assert list((bench.folder / "tmp").iterdir()) == []
    assert {path.name for path in bench.folder.iterdir()} == {"pulumi", "gh", "store.json", "seen", "comment.md", "tmp"}


def test_the_pins_of_the_commit_before_are_compared_where_it_is_told(bench: Bench) -> None:
    for commit in ("HEAD", ""):
        done = bench.preview("memory.jsonl", BEFORE=commit)
        assert done.returncode == 0, done.stderr
    unknown = bench.preview("memory.jsonl", BEFORE="0000000")
    assert unknown.returncode not in {0, 3}
    assert "0000000" in unknown.stderr


def test_a_refused_preview_fails_and_has_its_comment(bench: Bench) -> None:
    done = bench.preview("violations.jsonl", 5)
    assert done.returncode == 1
    assert "2 policy violations refuse the update" in bench.comment


def test_lost_data_fails_until_it_is_accepted(bench: Bench) -> None:
    assert bench.preview("table-removed.jsonl").returncode == 3
    assert bench.preview("table-removed.jsonl", ACCEPT_DATA_LOSS="false").returncode == 3
    assert bench.preview("table-removed.jsonl", ACCEPT_DATA_LOSS="true").returncode == 0
    assert "2 resources lose data" in bench.comment


def test_a_cli_without_output_leaves_a_comment_that_says_so(bench: Bench) -> None:
    done = bench.run("preview.sh", "sandbox", "comment.md", CODE="6", ERROR="error: no stack named 'sandbox' found")
    assert done.returncode == 1
    assert "no stack named" in done.stderr
    assert "**It could not run.**" in bench.comment
    assert bench.comment.startswith("<!-- data-ingestion preview data-ingestion/sandbox -->\n")


@pytest.mark.parametrize(
    ("name", "code", "expected"), [("no-drift.jsonl", 0, 0), ("drift.jsonl", 7, 7), ("provider-refused.jsonl", 1, 1), ("", 255, 1)]
)
def test_drift_and_errors_have_different_exit_codes(bench: Bench, name: str, code: int, expected: int) -> None:
    done = bench.drift(name, code, ERROR="error: said by the CLI")
    assert done.returncode == expected, done.stderr
    assert (bench.folder / "report.md").exists() == (expected != 1)
    assert ("said by the CLI" in done.stderr) == (expected == 1)
    assert (bench.folder / "seen").read_text().split("\n")[:6] == [
        "refresh",
        "--stack",
        "sandbox",
        "--preview-only",
        "--expect-no-changes",
        "--json",
    ]


def test_a_comment_is_made_once_and_then_replaced(bench: Bench) -> None:
    bench.preview("memory.jsonl")
    assert bench.run("publish.sh", "comment", "12", "comment.md").returncode == 0
    bench.preview("unchanged.jsonl")
    assert bench.run("publish.sh", "comment", "12", "comment.md").returncode == 0
    (item,) = bench.published
    assert item["list"] == "repos/owner/name/issues/12/comments"
    assert "Nothing changes." in item["body"]


def test_another_authors_comment_with_the_same_first_line_is_left_alone(bench: Bench) -> None:
    bench.preview("memory.jsonl")
    path = "repos/owner/name/issues/12/comments"
    other = {"list": path, "id": 1, "user": {"login": "a-stranger"}, "body": bench.comment}
    unlike = {
        "list": path,
        "id": 2,
        "user": {"login": "github-actions[bot]"},
        "body": "<!-- data-ingestion preview data-ingestion/dev -->\n",
    }
    (bench.folder / "store.json").write_text(json.dumps([other, unlike]))
    assert bench.run("publish.sh", "comment", "12", "comment.md").returncode == 0
    assert bench.published[:2] == [other, unlike]
    assert len(bench.published) == 3


def test_an_issue_is_opened_updated_and_closed(bench: Bench) -> None:
    bench.drift("drift.jsonl", 7)
    for _ in range(2):
        assert bench.run("publish.sh", "issue", "report.md").returncode == 0
    (issue,) = bench.published
    assert issue["title"] == "Drift of data-ingestion/sandbox"
    assert issue.get("state", "open") == "open"
    bench.drift("no-drift.jsonl", 0)
    assert bench.run("publish.sh", "resolved", "report.md").returncode == 0
    (issue,) = bench.published
    assert issue["state"] == "closed"
    assert "All resources match the stack's state." in issue["body"]
    assert bench.run("publish.sh", "resolved", "report.md").returncode == 0
    assert len(bench.published) == 1


def test_a_pull_request_is_no_issue(bench: Bench) -> None:
    bench.drift("drift.jsonl", 7)
    text = (bench.folder / "report.md").read_text()
    request = {
        "list": "repos/owner/name/issues",
        "id": 1,
        "number": 1,
        "user": {"login": "github-actions[bot]"},
        "body": text,
        "pull_request": {"url": "x"},
    }
    (bench.folder / "store.json").write_text(json.dumps([request]))
    assert bench.run("publish.sh", "issue", "report.md").returncode == 0
    assert len(bench.published) == 2


def test_where_github_does_not_answer_nothing_is_published_twice(bench: Bench) -> None:
    bench.preview("memory.jsonl")
    assert bench.run("publish.sh", "comment", "12", "comment.md", DOWN="1").returncode != 0
    assert bench.published == []


def test_a_file_without_a_marker_is_not_published(bench: Bench) -> None:
    (bench.folder / "other.md").write_text("# Something\n")
    assert bench.run("publish.sh", "comment", "12", "other.md").returncode == 2


@pytest.mark.parametrize("script", ["preview.sh", "drift.sh", "publish.sh"])
def test_a_script_prints_its_usage_on_help_and_without_arguments(bench: Bench, script: str) -> None:
    told = bench.run(script, "--help")
    assert told.returncode == 0
    assert told.stdout.startswith("usage: .ci/")
    wrong = bench.run(script)
    assert wrong.returncode == 2
    assert wrong.stderr == told.stdout


def test_make_up_creates_no_stack_without_a_file(tmp_path: Path) -> None:
    seen, cli = tmp_path / "seen", tmp_path / "pulumi"
    cli.write_text(f"#!/bin/sh\necho called >> {seen}\n")
    cli.chmod(0o755)
    # a make that runs these tests hands its jobs on
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    command = ["make", "-o", "venv", "up", "STACK=typo"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: Pulumi.typo.yaml does not exist, so there is no stack typo: make it, or set STACK\n")
    assert not seen.exists()
