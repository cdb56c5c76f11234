"""The documents agree with each other and with the code."""

from __future__ import annotations

import ast
import functools
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from pipeline.recording.recorder import ROOT
from stack.judgement.stack import parse
from stack.judgement.volumes import broker_disk_mib
from stack.settings import shop
from stack.settings.model import Settings
from stack.settings.streaming import KafkaSettings, TopicSettings
from stack.specification.stack import Specification
from stack.specification.streaming.topics import DEAD_LETTER_DAYS

if TYPE_CHECKING:
    from pathlib import Path

FRONT = sorted(ROOT.glob("*.md"))
DOCUMENTS = sorted([*FRONT, *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
TROUBLES = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
_MESSAGES = re.search(r"^## Messages\n(.*?)^## ", TROUBLES, re.MULTILINE | re.DOTALL)
SYMPTOMS = [
    message
    for cell in re.findall(r"^\| (`.*?) \|", _MESSAGES[1] if _MESSAGES else "", re.MULTILINE)
    for message in re.findall(r"`([^`]+)`", cell)
]


def _shown(node: ast.AST) -> str:
    """Return a text of the code with … for each value that is put into it; empty for everything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_shown(part) or "…" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@functools.cache
def messages() -> frozenset[str]:
    """Every text in the code of the project, tests left out."""
    paths = [
        path
        for path in ROOT.rglob("*.py")
        if not {part for part in path.relative_to(ROOT).parts if part.startswith(".") or part == "tests"}
    ]
    return frozenset(_shown(node) for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    """A file that is linked exists, and so does the heading."""
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        name, _, heading = target.partition("#")
        file = (document.parent / name) if name else document
        assert file.exists(), target
        assert not heading or heading in anchors(file), target


def test_the_index_lists_every_decision_by_its_title() -> None:
    """Each page under docs/adr has a line with its title, and the numbers have no gap."""
    titles = [path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").partition(". ")[2] for path in DECISIONS]
    listed = re.findall(r"^\d+\. \[(.+)\]\((.+)\)$", (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == [(title, path.name) for title, path in zip(titles, DECISIONS, strict=True)]
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_its_four_parts(decision: Path) -> None:
    """Context, decision, consequences and alternatives, in this order."""
    parts = re.findall(r"^## (.+)$", decision.read_text(encoding="utf-8"), re.MULTILINE)
    assert [part for part in parts if part in {"Context", "Decision", "Consequences", "Alternatives"}] == [
        "Context",
        "Decision",
        "Consequences",
        "Alternatives",
    ]


def test_symptoms_are_read_from_the_page() -> None:
    assert len(SYMPTOMS) >= 20


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_message_in_the_table_of_symptoms_is_one_that_the_code_gives(symptom: str) -> None:
    """Whoever rewords a message is led to docs/troubleshooting.md. There, … stands for a value."""
    pattern = re.compile(".+".join(re.escape(part) for part in symptom.split("…")))
    assert any(pattern.search(message) for message in messages()), symptom


def test_headings_and_pages_that_messages_point_to_exist() -> None:
    """``preflight`` sends people to 'On a laptop', ``settings`` to the table of settings."""
    assert "on-a-laptop" in anchors(ROOT / "README.md")
    named = {name for message in messages() for name in re.findall(r"\bdocs/[\w/-]+\.md\b", message)}
    assert "docs/settings.md" in named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_the_front_page_stays_short() -> None:
    assert len(README.splitlines()) <= 150


def test_no_document_orders_changes_by_the_position_alone() -> None:
    """A reader who does gets wrong states (ADR 26)."""
    wrong = re.compile(r"\b(by|only) `__source_lsn`|`__source_lsn` (is|gives)\b")
    assert [path.name for path in DOCUMENTS if wrong.search(path.read_text(encoding="utf-8"))] == []


def test_the_security_page_says_how_long_dead_letters_are_kept() -> None:
    days = TopicSettings().retention_days + DEAD_LETTER_DAYS
    assert f"{days} by default" in (ROOT / "SECURITY.md").read_text(encoding="utf-8")


README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = [
    example for path in DOCUMENTS for example in re.findall(r"```yaml\n(config:\n.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]


def test_documents_show_settings() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_settings_that_a_document_shows_are_settings(example: str) -> None:
    shown = {key.removeprefix("data-ingestion:"): value for key, value in yaml.safe_load(example)["config"].items()}
    parse({"archive": {"bucket": "archive"}, **shown})


def test_as_many_tables_fit_as_the_page_says() -> None:
    """The figures in 'Add or drop a table' follow from the topics' sizes."""
    tables = shop.TABLES

    def needed(number: int, retention_mib: int) -> int:
        captured = [tables[index % len(tables)].model_copy(update={"name": f"table_{index}"}) for index in range(number)]
        values = {
            "source": {"tables": [table.model_dump(by_alias=True) for table in captured]},
            "streaming": {"topics": {"retentionMib": retention_mib}, "registry": {"kind": "apicurio"}},
            "archive": {"bucket": "archive", "format": "iceberg"},
        }
        return broker_disk_mib(Specification.of(Settings.model_validate(values)))

    volume = KafkaSettings().storage_mib
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    least, most = (int(number) for number in re.findall(r"in the sandbox (\d+) of (\d+) MiB", page)[0])
    (fitting,) = (int(number) for number in re.findall(r"`streaming.topics.retentionMib` is (\d+) or less", page))
    assert (needed(5, TopicSettings().retention_mib), volume) == (least, most)
    assert needed(6, fitting) <= volume < needed(6, fitting + 1)
