"""The command shows without a change, begins only behind a break or by wish, asks first, and goes on where a killed run has ended."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from pipeline.epoch import commands, settling
from pipeline.epoch.facts import Facts, Source, Unanswered
from pipeline.epoch.settling import UnsettledError
from pipeline.reading.stack import RunningStack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from tests.epochs.stacks import FACTS, SERVER, SOURCE, USERS, with_slot

if TYPE_CHECKING:
    from pathlib import Path

MISSING = with_slot(None)
BROKERS = replace(FACTS, control={})


@dataclass
class Stack:
    """A stack file in a folder, and a running stack of which the test says the facts.

    Attributes:
        folder: Folder of the file.
        facts: Facts, of each look after another; the last one stays.
        steps: What was done to the stack.
        code: Exit code of ``up``.
    """

    folder: Path
    facts: list[Facts]
    steps: list[str] = field(default_factory=list)
    code: int = 0

    @property
    def text(self) -> str:
        """Return the text of the stack file."""
        return (self.folder / "Pulumi.dev.yaml").read_text(encoding="utf-8")

    def look(self, _stack: object) -> Facts:
        return self.facts.pop(0) if len(self.facts) > 1 else self.facts[0]

    def running(self, name: str) -> RunningStack:
        return RunningStack(name, parse_text(stack_config(self.folder, name).values), {})

    def run(self, command: list[str], **_options: Any) -> Any:
        self.steps.append(" ".join(command))
        return subprocess.CompletedProcess(command, self.code)


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Return the stack dev."""
    for name in ("Pulumi.yaml", "Pulumi.dev.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    made = Stack(tmp_path, [FACTS])
    monkeypatch.setattr(commands, "ROOT", tmp_path)
    monkeypatch.setattr(commands, "look", made.look)
    monkeypatch.setattr(commands, "running", made.running)
    monkeypatch.setattr(commands, "subprocess", SimpleNamespace(run=made.run))
    monkeypatch.setattr(commands, "described", lambda of: of)
    for name in ("stop_source", "drain", "remove_source", "end_workers"):
        monkeypatch.setattr(settling, name, lambda *_arguments, name=name: made.steps.append(name))
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    return made


UP = "pulumi up --stack dev --refresh"


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (FACTS, 0, "WHOLE: the history has no break"),
        (MISSING, 1, "BROKEN (missing-slot): the slot debezium_slot does not exist"),
        (replace(FACTS, server=Unanswered("the database is away")), 3, "UNDECIDED: the database is away"),
    ],
)
def test_show_ends_with_what_it_found_and_changes_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str], found: Facts, code: int, said: str
) -> None:
    stack.facts = [found]
    before = stack.text
    assert main(["epoch", "show", "--stack", "dev"]) == code
    assert said in capsys.readouterr().out
    assert (stack.text, stack.steps) == (before, [])


def test_a_stack_that_does_not_exist_is_a_wrong_word(stack: Stack) -> None:
    assert main(["epoch", "show", "--stack", "nowhere"]) == 2
    assert main(["epoch", "begin", "--stack", "nowhere"]) == 2
    assert stack.steps == []


@pytest.mark.parametrize(
    ("found", "options", "code", "said"),
    [
        (FACTS, ["--yes"], 1, "nothing was done: the history has no break"),
        (replace(FACTS, tables=Unanswered("the archive is away")), ["--yes"], 3, "it cannot be seen what is lost: the archive is away"),
        (replace(FACTS, server=Unanswered("away")), ["--yes", "--cause", "operator"], 3, "it cannot be seen what is lost"),
        (MISSING, [], 1, "nobody can be asked here whether to begin epoch 2 of the stack dev; add --yes"),
    ],
    ids=["nothing broken", "undecided", "undecided by wish", "nobody to ask"],
)
def test_begin_refuses_and_changes_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str], found: Facts, options: list[str], code: int, said: str
) -> None:
    stack.facts = [found]
    before = stack.text
    assert main(["epoch", "begin", "--stack", "dev", *options]) == code
    assert said in capsys.readouterr().err
    assert (stack.text, stack.steps) == (before, [])


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_begin_says_what_is_lost_and_asks(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: str, code: int
) -> None:
    stack.facts = [MISSING]
    before = stack.text
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: answer))
    assert main(["epoch", "begin", "--stack", "dev"]) == code
    said = capsys.readouterr()
    assert "Lost: changes after position 0/3E8" in said.out
    assert "Begin epoch 2 of the stack dev? [y/N]" in said.err
    assert (stack.text == before) is (code == 1)
    assert (stack.steps == []) is (code == 1)
    assert "--yes" not in said.out, "the CLI asks for itself"


def test_the_old_epoch_ends_before_the_file_is_written_and_the_stack_brought_up(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    later = replace(MISSING, source=replace(SOURCE, position=1024), tables=(replace(USERS, changed=1_777_636_801_000),))
    stack.facts = [MISSING, later]
    assert main(["epoch", "begin", "--stack", "dev", "--yes"]) == 0
    assert stack.steps == ["stop_source", "drain", "remove_source", f"{UP} --yes"]
    streaming = stack.running("dev").settings.streaming
    assert streaming.epoch == 2
    (seam,) = streaming.seams
    assert seam.model_dump() == {
        "epoch": 2,
        "cause": "missing-slot",
        "system": "7346",
        "position": "0/400",
        "last_change": "2026-05-01T12:00:01+00:00",
    }
    said = capsys.readouterr().out
    assert "+    epoch: 2" in said
    assert f"Running: {UP} --yes" in said


def test_workers_are_ended_where_the_brokers_were_lost(stack: Stack) -> None:
    stack.facts = [replace(BROKERS, source=Unanswered("away"))]
    assert main(["epoch", "begin", "--stack", "dev", "--yes"]) == 0
    assert stack.steps == ["end_workers", f"{UP} --yes"]
    (seam,) = stack.running("dev").settings.streaming.seams
    assert (seam.cause, seam.system, seam.position) == ("lost-brokers", None, "0/3DE")


def test_an_epoch_by_wish_says_so(stack: Stack) -> None:
    assert main(["epoch", "begin", "--stack", "dev", "--yes", "--cause", "operator"]) == 0
    assert stack.running("dev").settings.streaming.seams[0].cause == "operator"


def test_a_cause_that_is_found_counts_more_than_the_wish(stack: Stack) -> None:
    stack.facts = [MISSING]
    assert main(["epoch", "begin", "--stack", "dev", "--yes", "--cause", "operator"]) == 0
    assert stack.running("dev").settings.streaming.seams[0].cause == "missing-slot"


def test_a_run_that_was_killed_before_up_is_ended_without_another_epoch(stack: Stack) -> None:
    stack.facts, stack.code = [MISSING], 255
    assert main(["epoch", "begin", "--stack", "dev", "--yes"]) == 1
    written = stack.text
    stack.facts, stack.code = [replace(FACTS, source=Source(state=None), server=replace(SERVER, slot=None), control={}, tables=())], 0
    stack.steps.clear()
    assert main(["epoch", "begin", "--stack", "dev"]) == 0, "nothing is asked a second time"
    assert (stack.text, stack.steps) == (written, [UP])


def test_a_sink_that_does_not_catch_up_leaves_the_file_alone(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        message = "the sink is away"
        raise UnsettledError(message)

    monkeypatch.setattr(settling, "drain", fail)
    stack.facts, before = [MISSING], stack.text
    assert main(["epoch", "begin", "--stack", "dev", "--yes"]) == 1
    assert (stack.text, stack.steps) == (before, ["stop_source"])


def test_a_file_that_cannot_be_edited_stops_before_anything_changes(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    text = stack.text.replace("config:\n", "config:\n  data-ingestion:streaming: '{}'\n")
    (stack.folder / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
    stack.facts = [MISSING]
    assert main(["epoch", "begin", "--stack", "dev", "--yes"]) == 1
    assert "write by hand, below data-ingestion:streaming: epoch: 2" in capsys.readouterr().err
    assert (stack.text, stack.steps) == (text, [])


def test_the_sandbox_is_brought_up_by_its_own_command(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(ROOT / "Pulumi.sandbox.yaml", stack.folder)
    stack.facts = [MISSING]
    assert main(["epoch", "begin", "--stack", "sandbox", "--yes"]) == 0
    assert stack.steps[-1].endswith("-m pipeline sandbox up")
    assert "Epoch 2 has begun" in capsys.readouterr().out
