"""What is typed in the sandbox for a command of a runbook, and what is read out of messages and looks."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest

from pipeline.documents import runbooks
from stack.specification.monitoring.rules.rule import Rule
from tests.sandbox_e2e import runbook
from tests.sandbox_e2e.messages import WAYS, arrived, lacks, messages


@pytest.mark.parametrize(
    ("shown", "typed"),
    [
        (
            "kubectl --namespace data-ingestion-monitoring rollout restart deploy/exporter",
            ["sandbox", "kubectl", "--", "--namespace", "data-ingestion-monitoring", "rollout", "restart", "deploy/exporter"],
        ),
        ("pulumi up --refresh --stack NAME", ["sandbox", "up"]),
        ("make sandbox", ["sandbox", "up"]),
        (
            ".venv/bin/python -m pipeline dlq drop --all --reason 'no rows' --stack NAME",
            ["dlq", "drop", "--all", "--reason", "no rows", "--stack", "sandbox"],
        ),
    ],
)
def test_a_command_of_a_page_is_typed_for_the_sandbox(shown: str, typed: list[str]) -> None:
    assert runbook.typed(shown) == [sys.executable, "-m", "pipeline", *typed]


def test_an_answer_is_typed_behind_the_command() -> None:
    assert runbook.typed(".venv/bin/python -m pipeline epoch begin --stack NAME", ["--yes"])[-1] == "--yes"


def test_what_is_no_command_is_not_run() -> None:
    with pytest.raises(AssertionError, match="no command that the sandbox knows"):
        runbook.typed("rm -rf /")


def test_the_cure_of_every_page_is_found() -> None:
    assert [alert for alert in runbooks.alerts() if not runbook.part(alert, "Cure")] == []


def test_a_command_is_found_by_its_words_and_a_missing_sentence_is_told() -> None:
    assert runbook.command("JobDown", "deploy/exporter").startswith("kubectl ")
    with pytest.raises(AssertionError, match="no longer says"):
        runbook.says("JobDown", "Hope.")


def received(
    status: str = "FIRING: 1", text: str = "The slot is lost\nNext: look\nRunbook: docs/runbooks/SlotLost.md\n"
) -> list[dict[str, Any]]:
    notes = {"summary": "The slot is lost", "next": "look", "runbook": "docs/runbooks/SlotLost.md"}
    state = "resolved" if status == "RESOLVED" else "firing"
    alert = {"labels": {"alertname": "SlotLost", "severity": "critical"}, "annotations": notes, "status": state}
    title = f"[{status}] SlotLost (critical)"
    return [
        {"kind": "mail", "at": 1.0, "to": "a@b", "subject": title, "text": text},
        {"kind": "webhook", "at": 2.0, "path": "/slack", "body": {"attachments": [{"title": title, "text": text}]}},
        {"kind": "webhook", "at": 3.0, "path": "/webhook", "body": {"status": state, "alerts": [alert]}},
    ]


def test_each_way_of_telling_is_read() -> None:
    first, over = list(messages(received())), list(messages(received("RESOLVED")))
    assert [(one.way, one.alert, one.severity, one.over) for one in first] == [(way, "SlotLost", "critical", False) for way in WAYS]
    assert [one.over for one in over] == [True] * 3
    assert set(arrived(first, "SlotLost", 0)) == set(WAYS)
    assert set(arrived(first, "SlotLost", 1.5)) == {"slack", "webhook"}
    assert arrived(first, "SlotLost", 0, over=True) == {}
    assert arrived(first, "SlotMissing", 0) == {}


def rule(summary: str) -> Rule:
    return Rule(alert="SlotLost", area="database", severity="critical", expression="x", meaning="It is", summary=summary, next="look")


def test_a_message_without_figures_severity_or_page_is_told() -> None:
    whole = next(messages(received(text="Lost 7 of 9 B{1}\nNext: look\nRunbook: docs/runbooks/SlotLost.md\n")))
    assert lacks(whole, rule("Lost {{ $value }} of 9 B{1}")) == []
    assert lacks(whole, rule('Lost{{ with query "x" }} {{ . | first | value }}{{ else }} nothing{{ end }} of')) == []
    assert len(lacks(replace(whole, severity="warning"), rule("Lost {{ $value }} of 9"))) == 1
    assert len(lacks(replace(whole, text="Lost of 9"), rule("Lost {{ $value }} of 9"))) == 3
