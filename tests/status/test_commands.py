"""The commands end with the level of the last look, in text and in JSON, and say why a stack cannot be asked."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from pipeline.epoch.facts import Unanswered
from pipeline.reading.stack import NotRunningError, RunningStack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from pipeline.status import commands
from stack.judgement.stack import parse_text
from tests.status.snapshots import HEALTHY, MIB, NOW, PLACES, SLOT, snapshot, with_connector, with_slot

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.description.stack import Description
    from pipeline.status.facts import Snapshot


OUTPUTS: dict[str, Any] = {"postgres": {"host": "localhost", "port": 5432}, "registry": {"url": "http://localhost:8081"}, "tables": []}


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Snapshot]:
    """Return the looks that the command will take, in turn."""
    planned: list[Snapshot] = []

    class Planned:
        def __init__(self, _: Description) -> None:
            pass

        def look(self) -> Snapshot:
            return planned.pop(0)

    settings = parse_text(stack_config(ROOT, "sandbox").values)
    monkeypatch.setattr(commands, "Looks", Planned)
    monkeypatch.setattr(commands, "running", lambda name: RunningStack(name, settings, OUTPUTS))
    return planned


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (HEALTHY, 0),
        (snapshot(subjects=Unanswered("the registry is away")), 1),
        (with_connector(0, tasks=("FAILED",)), 2),
    ],
)
def test_the_exit_code_is_the_level(facts: Snapshot, code: int, looks: list[Snapshot], capsys: pytest.CaptureFixture[str]) -> None:
    looks.append(facts)
    assert main(["status", "--stack", "prod"]) == code
    printed = capsys.readouterr().out
    assert printed.startswith("Stack prod, epoch 1")
    assert "\x1b" not in printed, "off a terminal there are plain lines"
    looks.append(facts)
    assert main(["status", "--stack", "prod", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["exitCode"] == code


def test_a_watch_measures_the_time_that_is_left_and_ends_with_the_last_level(
    looks: list[Snapshot], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks += [HEALTHY, replace(with_slot(replace(SLOT, retained=536 * MIB, safe=1000 * MIB)), taken=NOW + 15)]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not looks:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    assert main(["status", "--stack", "prod", "--watch"]) == 1
    assert slept == [15, 15]
    _, first, second = capsys.readouterr().out.split("Stack prod")
    assert "at the rate of" not in first
    assert "(in 28 s at the rate of the last two looks)" in second


def test_a_watch_that_is_interrupted_while_it_looks_ends_with_the_last_level(
    looks: list[Snapshot], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.append(with_connector(0, tasks=("FAILED",)))
    planned = commands.Looks.look

    def look(self: commands.Looks) -> Snapshot:
        if not looks:
            raise KeyboardInterrupt
        return planned(self)

    monkeypatch.setattr(commands.Looks, "look", look)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["status", "--stack", "prod", "--watch"]) == 2
    assert capsys.readouterr().out.count("Stack prod") == 1


def test_a_page_is_written_in_place_of_the_screen_and_again_with_a_watch(
    looks: list[Snapshot], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = tmp_path / "status.html"
    looks += [HEALTHY, with_connector(0, tasks=("FAILED",))]

    def sleep(_: float) -> None:
        assert "✓ Healthy" in target.read_text(encoding="utf-8").partition("<main>")[0]
        monkeypatch.setattr("time.sleep", interrupted)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    assert main(["status", "--stack", "prod", "--html", str(target), "--watch", "20"]) == 2
    assert "✕ Lost or stopped" in target.read_text(encoding="utf-8").partition("<main>")[0]
    assert 'http-equiv="refresh" content="20"' in target.read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_a_page_that_cannot_be_written_is_a_sentence(looks: list[Snapshot], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    looks.append(HEALTHY)
    assert main(["status", "--stack", "prod", "--html", str(tmp_path / "a" / "b.html")]) == 1
    assert capsys.readouterr().err.startswith(f"error: {tmp_path}/a/b.html cannot be written")


def test_a_picture_takes_two_looks_for_its_rates(
    looks: list[Snapshot], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks += [HEALTHY, replace(HEALTHY, taken=NOW + 5, brokers=replace(HEALTHY.brokers, ends=dict.fromkeys(PLACES, 20)))]
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["status", "--stack", "prod", "--diagram"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("```mermaid\nflowchart LR\n")
    assert "8.0 offsets/s, no backlog" in printed
    assert looks == []


def test_a_look_has_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--stack", "prod", "--json", "--diagram"]) == 2
    assert "exclude each other" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["status"], ["exporter", "--port", "9400"]])
def test_a_stack_that_is_not_there_or_not_up_cannot_be_asked(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--stack", "nowhere"]) == 3
    assert "nowhere" in capsys.readouterr().err

    def down(_: str) -> Any:
        message = "the stack is not up: make it"
        raise NotRunningError(message)

    monkeypatch.setattr(commands, "running", down)
    assert main([*words, "--stack", "prod"]) == 3
    assert capsys.readouterr().err == "error: the stack is not up: make it\n"


def test_an_address_that_is_taken_is_a_sentence(looks: list[Snapshot], capsys: pytest.CaptureFixture[str]) -> None:
    looks.append(HEALTHY)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["exporter", "--stack", "prod", "--port", port]) == 1
    assert f"error: 127.0.0.1:{port} cannot be listened at" in capsys.readouterr().err
