"""Every critical alert is fired by a test or has a reason; what a test follows stands on the page; the table shows all of it."""

from __future__ import annotations

import re

from pipeline.documents import fired, runbooks
from pipeline.recording.recorder import ROOT
from tests.sandbox_e2e import runbook

SOURCES = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests" / "sandbox_e2e").glob("test_1[78]_alerts*.py"))]


def named(pattern: str) -> set[str]:
    """Return the alerts in the arguments of a call."""
    arguments = [found for text in SOURCES for found in re.findall(pattern, text)]
    return {word for one in arguments for word in re.findall(r'"([A-Z]\w+)"', one)}


def test_every_critical_alert_is_fired_by_a_test_or_has_a_reason() -> None:
    critical = {name for name, rule in runbooks.alerts().items() if rule.severity == "critical"}
    tested = named(r"\.tells\(([^)]*)\)") | named(r"\.explains\(([^)]*)\)")
    assert tested | set(fired.NOT_CAUSED) == critical
    assert tested & set(fired.NOT_CAUSED) == set()


def test_what_a_test_follows_stands_on_the_page() -> None:
    followed = [found for text in SOURCES for found in re.findall(r'runbook\.(follow|beside|command|says)\(\s*"(\w+)", "([^"]+)"', text)]
    assert len(followed) > 20
    for how, alert, words in followed:
        if how == "says":
            runbook.says(alert, words)
        else:
            assert runbook.command(alert, words)


def test_every_alert_that_a_test_fires_is_cured_by_its_page() -> None:
    """Of one that another explains, the page of the other is followed."""
    cured = {found for text in SOURCES for found in re.findall(r'runbook\.\w+\(\s*"(\w+)"', text)}
    # a loop names these once for all
    loops = [loop for text in SOURCES for loop in re.findall(r"for (?:fault, )?alert in \((.*?)\):", text)]
    cured |= {word for loop in loops for word in re.findall(r'"([A-Z]\w+)"', loop)}
    assert named(r"\.tells\(([^)]*)\)") - cured == {"PartSilent", "ArchiveLagHigh"}, "their pages send the reader to TaskFailed"
    for alert, sentence in (("ArchiveLagHigh", "Failed: [TaskFailed]"), ("PartSilent", "Down: follow the part's alert.")):
        runbook.says(alert, sentence)


def test_the_table_has_each_figure_and_each_reason() -> None:
    figures = {
        "JobDown": {"fault": "f", "cure": "c", "firing_s": 200.4, "told_s": 231.0, "ended_s": 40.0, "told_ended_s": 290.6},
        "SlotMissing": {"fault": "g", "firing_s": 300.0, "explained_by": "HistoryBroken"},
    }
    lines = fired.table(figures).splitlines()
    assert "| [JobDown](runbooks/JobDown.md) | f | 200 | 231 | c | 40 | 291 |" in lines
    assert "| [SlotMissing](runbooks/SlotMissing.md) | g | 300 | by `HistoryBroken` | - | - | by `HistoryBroken` |" in lines
    (reason,) = [line for line in lines if "EventsErroneous" in line]
    assert "not caused: " in reason
    assert len(lines) == 2 + len(figures) + len(fired.NOT_CAUSED)


def test_the_table_in_the_documents_is_that_of_the_figures() -> None:
    text = fired.DOCUMENT.read_text(encoding="utf-8")
    assert fired.updated(text) == text
