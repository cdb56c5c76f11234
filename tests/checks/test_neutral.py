"""No output obeys the text that it shows: no escape sequence, no reordering, no command of a CI runner."""

from __future__ import annotations

import io
import itertools
import json
import time
import unicodedata

import pytest
from rich.table import Table
from rich.text import Text

from pipeline.checks.neutral import complain, neutral
from pipeline.checks.terminal import plain, show
from pipeline.command_line import main
from pipeline.plan.report import judgement
from policy.rule import Violation
from stack.problem import Problem
from tests.checks.test_terminal import Screen

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
MARKS = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in {"Cf", "Cs", "Zl", "Zp"}]
COMMANDS = ["::add-mask::x", "::error file=a,line=1::x", "::stop-commands::x", "::set-output name=a::b", "##[error]x", "##[add-mask]x"]
BLANKS = ["", " ", "   \t", "\u00a0", "\u2003", "\u3000", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\ufeff", "\u200b"]


def obeyed(output: str) -> list[str]:
    """Return the lines that GitHub's runner would take for a command (actions/runner, ActionCommand.TryParseV2 and TryParse)."""
    return [line for line in output.split("\n") if line.strip().startswith("::") or "##[" in line]


def test_every_invisible_character_is_written_as_its_escape_sequence() -> None:
    shown = neutral("".join([*CONTROLS, *MARKS]))
    assert shown.isascii()
    assert shown.isprintable()
    assert neutral("a\tb\nc") == "a\tb\nc"
    assert neutral("Grüße, 変更, 🚀 → −") == "Grüße, 変更, 🚀 → −"  # noqa: RUF001 - a minus sign


@pytest.mark.parametrize(("blank", "command"), [*itertools.product(BLANKS, COMMANDS)])
def test_no_command_of_a_runner_is_obeyed(blank: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = f"first\n{blank}{command}\n{blank}{blank}{command}"
    table = Table(box=None, pad_edge=False)
    table.add_column()
    table.add_row(Text(hostile))
    violation = Violation(rule="r", level="mandatory", urn="u", resource=hostile, problem=Problem(rule=hostile, cure=hostile))
    show(hostile, Text(hostile, "red"), table, judgement([violation]))
    complain(hostile)
    printed = capsys.readouterr()
    assert obeyed(printed.out) == obeyed(printed.err) == obeyed(neutral(hostile)) == []
    assert "first" in printed.out


@pytest.mark.parametrize("code", ["error: a::b", "a ::b", ":a::", "# [x]", "## Heading", "#[derive]"])
def test_other_colons_and_marks_stay(code: str) -> None:
    assert neutral(code) == code


def test_a_terminal_gets_its_own_colours_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stdout", screen := Screen())
    show(Text("\x1b[2J\x1b]0;title\x07wrong\u202e", "red"))
    assert "\x1b[31m" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()
    assert "\x1b]0" not in screen.getvalue()
    assert "\\u202e" in screen.getvalue()


HOSTILE = "".join(["\n::error::x\n  ::add-mask::y\r::warning::z\n##[group]", *CONTROLS, "\u202eabc\u2066", "\ud800"])


@pytest.mark.parametrize("form", ["markdown", "text"])
def test_a_hostile_preview_is_shown_and_not_obeyed(form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, properties, keys, reasons, messages of policies and errors are all somebody else's text."""
    state = {"custom": True, "inputs": {"metadata": {"name": HOSTILE}, HOSTILE: HOSTILE, "config": {HOSTILE: HOSTILE}, "name": HOSTILE}}
    kinds = ("kubernetes:core/v1:ConfigMap", "kafkaconnect:index:Connector", "kafka:index/topic:Topic", f"x:y:{HOSTILE}")
    steps = [
        {
            "op": op,
            "urn": f"urn:pulumi:s{HOSTILE}::p::{kind}::{op}{HOSTILE}",
            "old": state,
            "new": {**state, "inputs": {"name": "b"}},
            "keys": [HOSTILE],
        }
        for kind, op in itertools.product(kinds, ("update", "replace", "delete"))
    ]
    events = [{"resourcePreEvent": {"metadata": step}} for step in steps]
    events += [
        {"policyEvent": {"message": f"a\n{HOSTILE}", "policyName": HOSTILE, "enforcementLevel": level}}
        for level in ("mandatory", "advisory")
    ]
    events += [{"diagnosticEvent": {"severity": severity, "message": HOSTILE}} for severity in ("error", "info#err")]
    events += [{"summaryEvent": {"result": "failed", "PolicyPacks": {HOSTILE: "1"}}}]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(json.dumps(event) for event in events)))
    assert main(["review", "digest", "--format", form]) == 0
    printed = capsys.readouterr().out
    assert obeyed(printed) == []
    assert {one for one in printed if unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}} <= {"\n", "\t"}
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{HOSTILE} is no JSON"))
    assert main(["review", "digest", "--format", form, "--stack", HOSTILE]) == 1
    assert obeyed(capsys.readouterr().err) == []


@pytest.mark.parametrize("text", ["\n" * 10**6, " " * 10**6, ":" * 10**6, "#" * 10**6, "\u202e" * 10**5, " ::" * 10**5])
def test_the_time_is_linear(text: str) -> None:
    began = time.process_time()
    neutral(text)
    plain("x")
    assert time.process_time() - began < 2
