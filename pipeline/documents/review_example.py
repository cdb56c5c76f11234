"""The comment shown in docs/review.md, made from a stored preview."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.documents.generated import replaced
from pipeline.review.digest import digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import markdown
from pipeline.review.reading import read

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "review.md"
PREVIEW: Final = DOCUMENT.parent.parent / "tests" / "review" / "stored" / "table-removed.jsonl"
# Characters; small, so that the page shows the omissions of a comment that is too long.
LIMIT: Final = 6_000


def updated(text: str) -> str:
    """Return the document with a current comment, as a quotation.

    Raises:
        PartError: If the markers of the comment are missing.
    """
    findings = Findings.of(read(PREVIEW.read_text(encoding="utf-8")))
    comment = markdown(digest(findings, findings.preview.stack or ""), LIMIT)
    return replaced(text, "comment", "\n".join(f"> {line}".rstrip() for line in comment.splitlines()[1:]))
