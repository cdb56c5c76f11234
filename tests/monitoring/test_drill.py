"""A fire drill measures what fires and what is told, writes it down, and says what did not happen."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox_e2e import drill as drills
from tests.sandbox_e2e.drill import Drill, Watch, check

if TYPE_CHECKING:
    from pathlib import Path

ALERT = "SlotLost"


class Stage:
    """Prometheus and a receiver that a test plays."""

    def __init__(self) -> None:
        """Have no alert and no message."""
        self.alerts: dict[str, str] = {}
        self.messages: list[dict[str, Any]] = []

    def firing(self) -> dict[str, str]:
        return self.alerts

    def tell(self, status: str) -> None:
        summary = "The replication slot is lost; the changes behind its position are in the database, and not in the archive"
        following = ".venv/bin/python -m pipeline epoch begin --stack NAME"
        text, at = f"{summary}\nNext: {following}\nRunbook: docs/runbooks/{ALERT}.md\n", time.time()
        title, notes = f"[{status}] {ALERT} (critical)", {"summary": summary, "next": following, "runbook": f"docs/runbooks/{ALERT}.md"}
        labels = {"alertname": ALERT, "severity": "critical"}
        state = "resolved" if status == "RESOLVED" else "firing"
        self.messages += [
            {"kind": "mail", "at": at, "subject": title, "text": text},
            {"kind": "webhook", "at": at, "path": "/slack", "body": {"attachments": [{"title": title, "text": text}]}},
            {
                "kind": "webhook",
                "at": at,
                "path": "/webhook",
                "body": {"status": state, "alerts": [{"labels": labels, "annotations": notes, "status": state}]},
            },
        ]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    played = Stage()
    monkeypatch.setattr(drills, "received", lambda _: played.messages)
    return played


def test_seconds_from_fault_to_end_are_written_down(stage: Stage, tmp_path: Path) -> None:
    watch, file = Watch(), tmp_path / "alerts.json"
    drill = Drill(watch, file)
    fault = drill.fault("log is lost")
    stage.alerts = {ALERT: "critical"}
    watch._look(stage)  # type: ignore[arg-type]
    stage.tell("FIRING: 1")
    watch._look(stage)  # type: ignore[arg-type]
    fault.tells(ALERT, within_s=0)
    fault.cure("begun anew")
    check(fault)
    assert drill.unended(0) == [ALERT]
    stage.alerts = {}
    stage.tell("RESOLVED")
    watch._look(stage)  # type: ignore[arg-type]
    assert drill.unended(5) == []
    content = json.loads(file.read_text())
    one = content["alerts"][ALERT]
    assert (one["fault"], one["cure"]) == ("log is lost", "begun anew")
    assert {"firing_s", "told_s", "ended_s", "told_ended_s"} <= set(one)
    assert {"date", "commit", "machine"} <= set(content["about"])


def test_what_is_not_told_in_time_is_a_problem(stage: Stage) -> None:
    watch = Watch()
    fault = Drill(watch, None).fault("log is lost")
    fault.tells(ALERT, within_s=0)
    stage.alerts = {ALERT: "critical"}
    watch._look(stage)  # type: ignore[arg-type]
    fault.tells(ALERT, within_s=0)
    fault.ends(ALERT, within_s=0)
    with pytest.raises(AssertionError, match="does not fire") as found:
        check(fault)
    assert "told by nothing" in str(found.value)
    assert "still fires" in str(found.value)


def test_an_alert_that_fired_before_the_fault_is_not_its_own(stage: Stage) -> None:
    watch = Watch()
    stage.alerts = {ALERT: "critical"}
    watch._look(stage)  # type: ignore[arg-type]
    stage.alerts = {}
    watch._look(stage)  # type: ignore[arg-type]
    time.sleep(0.01)
    assert watch.span(ALERT, time.time()) is None
    assert watch.firing() == []


def test_an_explained_alert_is_written_down_with_its_explanation(stage: Stage, tmp_path: Path) -> None:
    watch, file = Watch(), tmp_path / "alerts.json"
    fault = Drill(watch, file).fault("the slot is dropped")
    stage.alerts = {ALERT: "critical"}
    watch._look(stage)  # type: ignore[arg-type]
    fault.explains("HistoryBroken", ALERT, within_s=0)
    assert fault.problems == []
    assert json.loads(file.read_text())["alerts"][ALERT]["explained_by"] == "HistoryBroken"
