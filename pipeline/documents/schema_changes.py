"""The table of statements in docs/schema-changes.md, from the verdicts on the examples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.ddl.judge import judge
from pipeline.ddl.matrix import EXAMPLE, ROWS
from pipeline.ddl.subjects import Answer
from pipeline.documents.generated import replaced

if TYPE_CHECKING:
    from pipeline.ddl.judge import Judged
    from pipeline.ddl.verdict import Verdict

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "schema-changes.md"


def updated(text: str) -> str:
    """Return the document with a fresh table of statements."""
    return replaced(text, "statements", "\n\n".join(f"### {subject}\n\n{_table(texts)}" for subject, texts in ROWS.items()))


def _table(texts: tuple[str, ...]) -> str:
    lines = ["| statement | verdict | registry, level FULL | what happens |", "| --- | --- | --- | --- |"]
    for text in texts:
        for one in judge(EXAMPLE, text):
            lines += _rows(one)
    return "\n".join(lines)


def _rows(one: Judged) -> list[str]:
    many = len(one.verdicts) > 1
    shown = " ".join(one.statement.text.split()).replace("|", "\\|")
    return [
        f"| {f'`{shown}`' if number == 0 else ''}{f' {verdict.what}' if many and number else ''} | {verdict.outcome.title} "
        f"| {_registry(verdict)} | {_reason(verdict)} |"
        for number, verdict in enumerate(one.verdicts)
    ]


def _registry(verdict: Verdict) -> str:
    answers = [subject for subject in verdict.subjects if subject.answer is not Answer.SAME]
    if not answers:
        return "unchanged" if verdict.subjects else ""
    return "; ".join(
        f"{subject.name.rpartition('-')[2]} {subject.answer.value}{_least(subject.answer, str(subject.least))}" for subject in answers
    )


def _least(answer: Answer, least: str) -> str:
    return f", {least} takes it" if answer is Answer.REFUSED else ""


def _reason(verdict: Verdict) -> str:
    return "; ".join([*verdict.reason, *verdict.archive]).replace("|", "\\|")
