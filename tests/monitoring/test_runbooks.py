"""Every alert has a page of its own, in five parts, and what a page tells to type exists."""

from __future__ import annotations

import difflib
import itertools
import re
import shlex
from typing import TYPE_CHECKING, Any

import click
import pytest
import sqlglot

from pipeline.command_line import root
from pipeline.documents import runbooks
from pipeline.recording.recorder import ROOT
from tests.declared import STACKS, Declared
from tests.monitoring.suite import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ["Meaning", "First look", "Causes", "Cure", "When to escalate"]
PROGRAM = ".venv/bin/python -m pipeline "
ALERTS = runbooks.alerts()
SETTING = re.compile(r"(source|streaming|archive|monitoring|names|budget|rotation)\.[a-zA-Z.]+")
# What two pages may share: their headings and a command
ALIKE = 0.75


def spans(path: Path) -> list[str]:
    """Return what a page shows as code."""
    return re.findall(r"`([^`]+)`", path.read_text(encoding="utf-8"))


def commands() -> Iterator[tuple[str, str]]:
    """Yield name of a page and command of this project, for each command that a page or an alert names."""
    for path in PAGES:
        yield from ((path.stem, span.removeprefix(PROGRAM)) for span in spans(path) if span.startswith(PROGRAM))
    yield from ((rule.alert, rule.next.removeprefix(PROGRAM)) for rule in ALERTS.values() if rule.next.startswith(PROGRAM))


def parsed(words: list[str]) -> None:
    """Parse a command line as the program does, without running it. Raises ClickException."""
    command: Any = root
    context = click.Context(root)
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None, name
        command, context = found, click.Context(found, parent=context)
    command.make_parser(context).parse_args(words)


def test_every_alert_of_every_stack_has_a_page_and_every_page_an_alert() -> None:
    assert {path.stem for path in PAGES} == set(ALERTS)
    assert {name for stack in STACKS for name in rules_of(stack)} == set(ALERTS)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_begins_with_what_the_alert_says_and_has_its_five_parts(path: Path) -> None:
    text, rule = path.read_text(encoding="utf-8"), ALERTS[path.stem]
    assert text.startswith(f"# {rule.alert}\n\nSeverity: {rule.severity}. {rule.meaning}.\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    for part in re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) >= 3, part


@pytest.mark.parametrize(("page", "command"), sorted(set(commands())))
def test_a_command_of_a_page_is_a_command(page: str, command: str) -> None:
    try:
        parsed(shlex.split(command))
    except click.ClickException as error:
        pytest.fail(f"{page}: {command}: {error.message}")


def test_a_made_up_command_or_option_is_found_out() -> None:
    for command in ("dlq empty --stack NAME", "status --quickly", "nothing"):
        with pytest.raises((click.ClickException, AssertionError)):
            parsed(shlex.split(command))


def test_a_setting_that_a_page_names_is_a_setting() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    named = {span for path in PAGES for span in spans(path) if SETTING.fullmatch(span)}
    assert len(named) > 20
    assert sorted(name for name in named if f"`{name}`" not in table) == []


def test_a_workload_that_a_page_names_is_declared() -> None:
    declared = {*Declared.of("dev").workloads, "prometheus", "alertmanager", "exporter", "postgres-exporter"}
    text = "\n".join(span for path in PAGES for span in spans(path))
    named = {name for pattern in (r"deploy/([a-z-]+)", r"component=([a-z-]+)", r"logs ([a-z]+)-\d") for name in re.findall(pattern, text)}
    assert named
    assert named - declared == set()


def test_the_sql_of_a_page_can_be_read() -> None:
    found = [span for path in PAGES for span in spans(path) if span.startswith("SELECT ")]
    assert len(found) > 5
    for statement in found:
        sqlglot.parse_one(statement, dialect="postgres")


def test_no_page_is_a_copy_of_another() -> None:
    texts = {path.stem: re.sub(r"^#.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE).split() for path in PAGES}
    for (one, first), (other, second) in itertools.combinations(texts.items(), 2):
        matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
        if matcher.real_quick_ratio() > ALIKE and matcher.quick_ratio() > ALIKE:
            assert matcher.ratio() <= ALIKE, f"{one} and {other}"


def test_the_table_of_alerts_is_that_of_the_rules() -> None:
    text = runbooks.DOCUMENT.read_text(encoding="utf-8")
    assert runbooks.updated(text) == text
