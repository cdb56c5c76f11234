"""Every kind of statement has the verdict that the document shows."""

from __future__ import annotations

import pytest

from pipeline.ddl.judge import judge
from pipeline.ddl.matrix import EXAMPLE, ROWS
from pipeline.ddl.verdict import Outcome
from pipeline.documents import commands
from pipeline.documents.schema_changes import DOCUMENT, updated
from tests.ddl.stacks import outcomes

# Outcomes in the order of the matrix: F follows, N needs steps, S stops or loses, U unknown, - not captured
EXPECTED = {
    "Columns": "F N N N N S S S S N N U N F U S N U",
    "Types": "S F S S N F S S F F S S S N F N -",
    "NULL and defaults": "S S F F F",
    "Keys": "FU S U F - U",
    "Tables": "S S SS SSS S SS F N N N S F F S N - - U",
    "Publication": "S F S F S S -",
    "Others": "F - S U",
}
LETTERS = {"F": "FOLLOWS", "N": "STEPS", "S": "STOPS", "U": "UNKNOWN", "-": "UNCONCERNED"}
CASES = [
    pytest.param(text, [LETTERS[letter] for letter in letters], id=text[:80])
    for subject, texts in ROWS.items()
    for text, letters in zip(texts, EXPECTED[subject].split(), strict=True)
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_each_row_has_its_verdict(text: str, expected: list[str]) -> None:
    assert outcomes(text) == expected


@pytest.mark.parametrize("text", [text for texts in ROWS.values() for text in texts])
def test_whatever_does_not_follow_says_why_and_mostly_what_to_do(text: str) -> None:
    for judged in judge(EXAMPLE, text):
        for verdict in judged.verdicts:
            assert verdict.reason
            assert all(sentence == sentence.strip() and sentence for sentence in (*verdict.reason, *verdict.steps))
            if verdict.outcome in {Outcome.STEPS, Outcome.STOPS}:
                assert verdict.steps, verdict


def test_the_document_holds_the_table_that_the_verdicts_give() -> None:
    """After a change of a rule: ``python -m pipeline documents schema-changes``."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert updated(text) == text
    assert commands.documents(["schema-changes"], check=True) == 0
