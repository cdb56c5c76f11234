"""The documents agree with each other and with the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

import settings
import settings_rules
from components import ecommerce
from components.streaming import kafka, topics
from plan.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FRONT = sorted(ROOT.glob("*.md"))
DOCUMENTS = sorted([*FRONT, *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "adr").glob("*.md"))
SOURCES = [path for folder in ("components", "operate", "plan", "providers", "sandbox") for path in (ROOT / folder).rglob("*.py")] + [
    ROOT / "settings.py"
]
SYMPTOMS = (
    "is taken by another program",
    "starts a Kubernetes node and needs root",
    "the sandbox is made from Debian packages and this is",
    "of memory are available and",
    "of disk are free under",
    "is on this machine",
    "another run is starting or removing the sandbox",
    "'make sandbox' continues from here",
    "needed more memory than its limit",
    "What to do: ",
    "The emulated AWS had to start anew",
    "the catalog points to a metadata file that is not there",
    "Kafka is not ready after",
    "and nothing answers there",
    "is not a setting; check the spelling",
    "was written by another version",
)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
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


def test_readme_lists_every_decision() -> None:
    """Each page under docs/adr has a line, and the numbers have no gap."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in DECISIONS if f"docs/adr/{path.name})" not in text] == []
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


@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_a_message_in_the_readme_is_one_that_the_code_gives(symptom: str) -> None:
    """Whoever rewords a message is led to the table of symptoms."""
    assert symptom in (ROOT / "README.md").read_text(encoding="utf-8")
    assert any(symptom in path.read_text(encoding="utf-8") for path in SOURCES)


def test_headings_that_messages_point_to_exist() -> None:
    """``preflight`` sends people to 'On a laptop', ``settings`` to the table of settings."""
    assert {"on-a-laptop", "settings"} <= anchors(ROOT / "README.md")


README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = [
    example for path in DOCUMENTS for example in re.findall(r"```yaml\n(config:\n.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
]


def test_documents_show_settings() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_settings_that_a_document_shows_are_settings(example: str) -> None:
    shown = {key.removeprefix("data-ingestion:"): value for key, value in yaml.safe_load(example)["config"].items()}
    settings.parse({"archive": {"bucket": "archive"}, **shown})


def test_as_many_tables_fit_as_the_readme_says() -> None:
    """The figures in 'Add a table' follow from the topics' sizes."""
    names, tables = settings.parse({"archive": {"bucket": "archive"}}).names, ecommerce.TABLES

    def needed(number: int, retention_mib: int) -> int:
        captured = [tables[index % len(tables)] for index in range(number)]
        sizes = topics.TopicSettings(retention_mib=retention_mib)
        return settings_rules.broker_disk_mib(names, settings_rules.declared_topics(names, captured, sizes, "apicurio", "iceberg"))

    volume = kafka.KafkaSettings().storage_mib
    least, most = (int(number) for number in re.findall(r"in the sandbox (\d+) of (\d+) MiB", README)[0])
    (fitting,) = (int(number) for number in re.findall(r"`streaming.topics.retentionMib` is (\d+) or less", README))
    assert (needed(5, topics.TopicSettings().retention_mib), volume) == (least, most)
    assert needed(6, fitting) <= volume < needed(6, fitting + 1)
