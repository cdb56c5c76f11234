"""The monitoring is taken away and brought back, and its cost is a ratio of what was measured in one run."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline.checks.progress import Progress
from pipeline.command_line import main
from pipeline.reading import saved_outputs
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from sandbox import changed_stack
from sandbox.bench import agents, drain
from sandbox.bench.backlog import Queued
from sandbox.bench.drain import Commit, Drained, drained
from sandbox.bench.figures import FiguresError
from sandbox.bench.topics import ONLY_WHEN_ASKED
from sandbox.bench.ways import WITH, WITHOUT, PodTime, Way, single, table, used
from sandbox.faults.ground import GroundError
from stack.judgement.stack import parse_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STACK_FILE = ROOT / "Pulumi.sandbox.yaml"


def rows_in(seconds: float, rows: int = 1000) -> Drained:
    """Return the durations of some rows that took so long."""
    return drained(0.0, [Commit(seconds, rows)])


def way(arm: str, seconds: float, **times: float) -> Way:
    """Return a way of 1000 rows and 1000 deletions, and the processor seconds of its pods."""
    monitoring = {name: time for name, time in times.items() if name == "prometheus"}
    pipeline = {name: time for name, time in times.items() if name not in monitoring}
    return Way(arm, drain.Run(Queued(1000, 1.0, seconds), rows_in(seconds), rows_in(2 * seconds)), pipeline, monitoring)


def cells(grid: Any) -> dict[str, tuple[str, ...]]:
    """Return the rows of a table by their first cell."""
    return {row[0]: row[1:] for row in grid.rows}


WAYS = [
    way(WITH, 10.0, kafka=4.0, connect=8.0, prometheus=1.0),
    way(WITHOUT, 8.0, kafka=3.0, connect=8.0),
    way(WITHOUT, 8.0, kafka=3.0, connect=8.0),
    way(WITH, 15.0, kafka=4.0, connect=10.0, prometheus=2.0),
]


def test_rates_are_all_rows_by_all_seconds_and_times_are_for_a_million_changes() -> None:
    found = cells(table(WAYS))
    assert found["source, rows per second"] == ("80", "125", "0.640")
    assert found["sink, rows per second"] == ("80", "125", "0.640")
    assert found["both together, rows per second"] == ("40", "62", "0.640")
    assert found["kafka, processor seconds per million changes"] == ("2000.0", "1500.0", "1.333")
    assert found["the pipeline's pods together"] == ("6500.0", "5500.0", "1.182")
    assert found["pods of the monitoring"] == ("750.0", "0.0", "-")
    assert found["all pods together"] == ("7250.0", "5500.0", "1.318")


def test_every_single_way_is_shown_in_the_order_of_measurement() -> None:
    found = single(WAYS)
    assert [row[0] for row in found.rows] == ["1, with", "2, without", "3, without", "4, with"]
    assert found.rows[0][1:] == ("100", "100", "50", "6000.0", "500.0")
    assert {len(row) for row in found.rows} == {len(found.columns)}


def test_times_of_several_pods_are_those_of_their_component() -> None:
    before = {"a": PodTime("pipeline", "kafka", 5.0), "b": PodTime("pipeline", "kafka", 1.0), "p": PodTime("monitoring", "prometheus", 2.0)}
    after = {"a": PodTime("pipeline", "kafka", 6.0), "b": PodTime("pipeline", "kafka", 3.5), "p": PodTime("monitoring", "prometheus", 2.25)}
    assert used(before, after) == ({"kafka": 3.5}, {"prometheus": 0.25})


@pytest.mark.parametrize("arguments", [("before", "both"), ("both", "before")])
def test_a_pod_that_begins_or_ends_meanwhile_spoils_the_measurement(arguments: tuple[str, str]) -> None:
    looks = {
        "before": {"a": PodTime("pipeline", "kafka", 5.0)},
        "both": {"a": PodTime("pipeline", "kafka", 6.0), "j": PodTime("pipeline", "audit", 1.0)},
    }
    with pytest.raises(FiguresError, match="a pod of audit began or ended"):
        used(*(looks[name] for name in arguments))


def test_a_machine_without_the_pods_is_refused() -> None:
    with pytest.raises(FiguresError, match="run this where the sandbox runs"):
        used({}, {})


def settings_in(folder: Path, text: str) -> Any:
    """Return the settings of a stack file of the sandbox, judged as before an update."""
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    (folder / "Pulumi.sandbox.yaml").write_text(text, encoding="utf-8")
    return parse_text(stack_config(folder, "sandbox").values)


def test_the_stack_without_monitoring_is_sound_and_differs_in_nothing_else(tmp_path: Path) -> None:
    text = STACK_FILE.read_text(encoding="utf-8")
    after = settings_in(tmp_path, agents.without_monitoring(text))
    assert not after.monitoring.enabled
    assert settings_in(tmp_path, text).monitoring.enabled
    before, left = (yaml.safe_load(one)["config"] for one in (text, agents.without_monitoring(text)))
    assert before.keys() - left.keys() <= {"data-ingestion:monitoring", "data-ingestion:images"}
    assert {key: before[key] for key in left if key != "data-ingestion:images"} == {
        key: value for key, value in left.items() if key != "data-ingestion:images"
    }


def test_images_of_the_pipeline_stay() -> None:
    images = {"kafka": "localhost/kafka:1", "prometheus": "localhost/monitoring:1"}
    text = yaml.safe_dump({"config": {"data-ingestion:monitoring": {"enabled": True}, "data-ingestion:images": images}})
    assert yaml.safe_load(agents.without_monitoring(text)) == {"config": {"data-ingestion:images": {"kafka": "localhost/kafka:1"}}}


def test_a_stack_without_monitoring_has_no_cost_to_measure() -> None:
    agents.refuse_unwatched(enabled=True)
    with pytest.raises(FiguresError, match=r"monitoring\.enabled is false in Pulumi\.sandbox\.yaml.*make sandbox"):
        agents.refuse_unwatched(enabled=False)


class Sandbox:
    """A sandbox that a test plays: its stack file, what was done to it in order, and the processor time of its pods."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """Replace the edges of the measurement."""
        self.file, self.done, self.seconds = folder / "Pulumi.sandbox.yaml", list[str](), 0.0
        self.run: Callable[[], None] = lambda: None
        self.text = STACK_FILE.read_text(encoding="utf-8")
        self.file.write_text(self.text, encoding="utf-8")
        monkeypatch.setattr(changed_stack, "FILE", self.file)
        monkeypatch.setattr(changed_stack, "complete", lambda: self.done.append(f"up {self.arm}"))
        monkeypatch.setattr(agents.saved_outputs, "read", dict)
        monkeypatch.setattr(agents.cluster, "refuse_another", lambda: None)
        monkeypatch.setattr(agents, "_times", self.times)
        monkeypatch.setattr(agents, "Kube", lambda _: None)
        monkeypatch.setattr(agents.machine, "sandbox_versions", lambda _: {"kafka": "4"})
        monkeypatch.setattr(drain, "run", self.way)

    @property
    def arm(self) -> str:
        """Arm in which the sandbox is."""
        return WITH if "data-ingestion:monitoring" in yaml.safe_load(self.file.read_text(encoding="utf-8"))["config"] else WITHOUT

    def way(self, *_: object) -> drain.Run:
        self.done.append(self.arm)
        self.seconds += 2.0
        self.run()
        return way(self.arm, 10.0).run

    def times(self, *_: object) -> Mapping[str, PodTime]:
        return {"a": PodTime("pipeline", "kafka", self.seconds)}


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    return Sandbox(monkeypatch, tmp_path)


def test_the_first_way_after_each_change_is_not_measured_and_the_arms_take_turns(played: Sandbox) -> None:
    found = agents.measure(Progress(quiet=True), 1000, 5)
    assert played.done == ["with", "with", "up without", "without", "without", "without", "up with", "with", "with"]
    assert [one["arm"] for one in found.raw["ways"]] == [WITH, WITHOUT, WITHOUT, WITH]
    assert [one["pipeline"] for one in found.raw["ways"]] == [{"kafka": 2.0}] * 4
    assert played.file.read_text(encoding="utf-8") == played.text


@pytest.mark.parametrize("ended_by", [KeyboardInterrupt, FiguresError])
def test_the_monitoring_comes_back_however_the_measurement_ends(played: Sandbox, ended_by: type[BaseException]) -> None:
    def end() -> None:
        if played.arm == WITHOUT:
            raise ended_by

    played.run = end
    with pytest.raises(ended_by):
        agents.measure(Progress(quiet=True), 1000, 5)
    assert played.done[-2:] == ["without", "up with"]
    assert played.file.read_text(encoding="utf-8") == played.text


def test_the_stack_file_is_right_again_even_if_the_sandbox_does_not_follow(played: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        message = "'sandbox up' failed"
        raise GroundError(message)

    monkeypatch.setattr(changed_stack, "complete", broken)
    with pytest.raises(GroundError):
        agents.measure(Progress(quiet=True), 1000, 5)
    assert played.file.read_text(encoding="utf-8") == played.text


def test_without_a_sandbox_the_command_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = STACK_FILE.read_text(encoding="utf-8")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(saved_outputs, "FILE", tmp_path / "outputs.json")
    assert main(["bench", "agents", "--to", str(tmp_path)]) == 1
    assert "error: agents: there is no complete sandbox on this machine; make one with 'make sandbox'" in capsys.readouterr().err
    assert STACK_FILE.read_text(encoding="utf-8") == before
    assert "agents" in ONLY_WHEN_ASKED


class Pods:
    """A cluster with pods of both namespaces."""

    def list(self, _: str, namespace: str, **options: str) -> list[dict[str, Any]]:
        """Return the running pods of a namespace."""
        assert options == {"fields": "status.phase=Running"}
        names = {"data-ingestion": ["kafka-0", "kafka-1", "ends"], "data-ingestion-monitoring": ["prometheus", "elsewhere"]}[namespace]
        return [self._pod(name) for name in names]

    def _pod(self, name: str) -> dict[str, Any]:
        leaving = {"deletionTimestamp": "2026-11-30T02:00:00Z"} if name == "ends" else {}
        return {"metadata": {"name": name, "uid": name, "labels": {"app.kubernetes.io/component": name.partition("-")[0]}, **leaving}}


def test_pods_that_are_about_to_end_or_are_elsewhere_have_no_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents.processor, "seconds_of_pod", lambda uid: None if uid == "elsewhere" else 1.5)
    found = agents._times(Pods(), {"data-ingestion": "pipeline", "data-ingestion-monitoring": "monitoring"})  # type: ignore[arg-type]
    assert found == {
        "kafka-0": PodTime("pipeline", "kafka", 1.5),
        "kafka-1": PodTime("pipeline", "kafka", 1.5),
        "prometheus": PodTime("monitoring", "prometheus", 1.5),
    }
