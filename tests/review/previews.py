"""The stored outputs of a real CLI, reduced to the parts that a digest reads. The README.md beside them explains their origin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.review.digest import PREVIEW, Wording, digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import GITHUB_LIMIT, markdown
from pipeline.review.reading import read

if TYPE_CHECKING:
    from pipeline.review.document import Document

STORED = Path(__file__).parent / "stored"
FILES = sorted(path.name for path in STORED.glob("*.json*"))


def text(name: str) -> str:
    """Return a stored output unchanged."""
    return (STORED / name).read_text(encoding="utf-8")


def findings(name: str) -> Findings:
    """Return the findings in a stored output."""
    return Findings.of(read(text(name)))


def document(name: str, wording: Wording = PREVIEW) -> Document:
    """Return the comment on a stored output."""
    found = findings(name)
    assert found.preview.stack is not None
    return digest(found, found.preview.stack, wording)


def comment(name: str, limit: int = GITHUB_LIMIT, wording: Wording = PREVIEW) -> str:
    """Return the comment on a stored output in Markdown."""
    return markdown(document(name, wording), limit)


def section(markdown_text: str, title: str) -> str:
    """Return the part of a comment under a heading."""
    _, found, rest = markdown_text.partition(f"### {title}")
    assert found, f"no section {title!r} in:\n{markdown_text}"
    return rest.partition("\n### ")[0].partition("<details>")[0]


def folded(markdown_text: str) -> str:
    """Return the folded part of a comment."""
    _, found, rest = markdown_text.partition("<details>")
    assert found
    return rest
