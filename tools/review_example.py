"""Example comment in docs/review.md, from a stored preview: ``python -m tools.review_example`` writes it, ``--check`` compares."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from review.digest import digest
from review.findings import Findings
from review.markdown import markdown
from review.reading import read
from tools.generated import main as generated
from tools.generated import replaced

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "review.md"
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the comment, or with ``--check`` only compare.

    Returns:
        0, or 1 if the document is out of date.
    """
    return generated(arguments, "tools.review_example", DOCUMENT, updated)


if __name__ == "__main__":
    sys.exit(main())
