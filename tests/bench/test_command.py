"""The command lists its topics, measures the requested ones and saves results after a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.command_line import main
from sandbox.bench import commands, machine, plan
from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.bench.topics import TOPICS, Options, Topic, chosen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOUND = Figures("Memory", "How.", (Grid(("pod", "MiB"), (("a", "1"),)),), {"a": 1})


@pytest.fixture(autouse=True)
def _no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, topics: dict[str, Any]) -> int:
    """Run the command with other measurements."""
    monkeypatch.setattr(commands, "TOPICS", {**TOPICS, **{name: Topic("", measure) for name, measure in topics.items()}})
    return main(["bench", "--to", str(folder), *topics])


def measured(*_: object) -> Figures:
    """Return the figures of a topic that can be measured."""
    return FOUND


def failing(*_: object) -> Figures:
    """Fail as a topic that cannot be measured."""
    message = "there is no complete sandbox"
    raise FiguresError(message)


def interrupted(*_: object) -> Figures:
    """Raise what Ctrl-C raises."""
    raise KeyboardInterrupt


def interrupted_and_not_tidied(*_: object) -> Figures:
    """Raise what Ctrl-C raises and then fail to clean up, as while the database is away."""
    try:
        raise KeyboardInterrupt
    finally:
        raise ConnectionError


@pytest.mark.parametrize("topic", list(TOPICS))
def test_help_names_every_topic(topic: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--help"]) == 0
    assert f"\n  {topic} " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("named", "options", "expected"),
    [
        ([], Options(), ["plan", "visible", "drain", "memory"]),
        ([], Options(warm="warm.json"), ["steps", "plan", "visible", "drain", "memory"]),
        (["memory", "plan"], Options(), ["plan", "memory"]),
        (["steps"], Options(), ["steps"]),
    ],
)
def test_by_default_everything_but_the_steps_of_a_start_is_measured(named: list[str], options: Options, expected: list[str]) -> None:
    assert chosen(named, options) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["speed"], "'speed' is not one of 'steps', 'plan', 'visible', 'drain', 'memory'"),
        (["drain", "--rows", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_measured_is_refused(capsys: pytest.CaptureFixture[str], given: list[str], message: str) -> None:
    assert main(["bench", *given]) == 2
    assert message in capsys.readouterr().err


def test_a_topic_that_fails_does_not_take_the_others_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, {"drain": failing, "memory": measured}) == 1
    assert list(json.loads((tmp_path / "figures.json").read_text())) == ["memory"]
    assert "error: drain: there is no complete sandbox" in capsys.readouterr().err


@pytest.mark.parametrize("ending", [interrupted, interrupted_and_not_tidied])
def test_an_interruption_ends_the_run_and_keeps_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: Callable[..., Figures]
) -> None:
    assert run(monkeypatch, tmp_path, {"plan": measured, "drain": ending, "memory": failing}) == 130
    assert list(json.loads((tmp_path / "figures.json").read_text())) == ["plan"]


def test_the_command_is_recorded_without_the_machines_paths() -> None:
    given = ["bench", "steps", "--cold", "/root/a folder/cold.json@12", "--to", "figures"]
    assert machine.command(given) == "python -m pipeline bench steps --cold cold.json@12 --to figures"


def test_the_processors_name_is_the_kernels() -> None:
    assert machine.model("processor\t: 0\nmodel\t\t: 2\nmodel name\t: A Processor\n\nmodel name\t: A Processor\n") == "A Processor"
    assert machine.model("processor: 0\n"), "some architectures have no such line"


def test_versions_are_those_of_the_cluster_and_the_images() -> None:
    node = {"status": {"nodeInfo": {"kubeletVersion": "v1.34.2", "containerRuntimeVersion": "containerd://1.6.20"}}}
    images = ("localhost/data-ingestion/kafka:4.3.1-1", "localhost/data-ingestion/node:2a37", "localhost/data-ingestion/kafka:4.3.1-1")
    pods = [{"spec": {"containers": [{"image": image}]}} for image in images]
    assert machine.versions_of(node, pods) == {"Kubernetes": "1.34.2", "containerd": "1.6.20", "kafka": "4.3.1-1"}


def test_the_plan_is_compared_with_the_imports_alone() -> None:
    grid = plan.table({"imports": [2.0, 1.0, 3.0], "plan": [5.0, 4.0, 9.0]}, "imports")
    assert grid.rows == (("imports", "2.00", "1.00", "3.00", "1.00"), ("plan", "5.00", "4.00", "9.00", "2.50"))


def test_the_folder_of_the_figures_is_made_before_anything_is_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "figures"
    seen: list[bool] = []

    def measuring(*_: object) -> Figures:
        seen.append(folder.is_dir())
        return FOUND

    assert run(monkeypatch, folder, {"memory": measuring}) == 0
    assert seen == [True]
    assert (folder / "figures.json").exists()


def test_a_folder_that_cannot_be_made_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, tmp_path / "file" / "figures", {"memory": failing}) == 2
    told = capsys.readouterr().err
    assert "--to" in told
    assert f"the folder {tmp_path}/file/figures cannot be made: Not a directory" in told
