"""The comment shown in docs/review.md, made from a stored preview."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from review.digest import digest
from review.findings import Findings
from review.markdown import markdown
from review.reading import read
from tools.generated import replaced

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "review.md"
PREVIEW: Final = DOCUMENT.parent.parent / "tests" / "review" / "stored" / "table-removed.jsonl"
LIMIT: Final = 6_000
"""Characters, so that the page shows what is left out when a comment is too long."""


def updated(text: str) -> str:
    """The document with a fresh comment, as a quotation.

    Raises:
        PartError: If its place is missing.
    """
    found = Findings.of(read(PREVIEW.read_text(encoding="utf-8")))
    comment = markdown(digest(found, found.preview.stack or ""), LIMIT)
    return replaced(text, "comment", "\n".join(f"> {line}".rstrip() for line in comment.splitlines()[1:]))
