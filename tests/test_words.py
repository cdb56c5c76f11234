"""Retired phrases, counted in docstrings, comments and messages of each folder: the numbers may only fall."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# Phrases that plain English has a shorter or clearer word for: subject, verb, number and reason instead.
RETIRED = re.compile(
    r"\b(says|those (?:of|that)|tells?|told|stands|of its own|beside|everybody|nobody|somebody|anew|put back|whoever|"
    r"(?:was|were) there before|is none of|are none of|brought about)\b",
    re.IGNORECASE,
)
# folder, or package of stack and pipeline: number of retired phrases in it
ALLOWED: dict[str, int] = {
    "images": 20,
    "pipeline/audit": 30,
    "pipeline/backfill": 4,
    "pipeline/checks": 8,
    "pipeline/dashboards": 16,
    "pipeline/ddl": 39,
    "pipeline/description": 5,
    "pipeline/dlq": 33,
    "pipeline/doctor": 10,
    "pipeline/documents": 9,
    "pipeline/epoch": 8,
    "pipeline/existing_database": 13,
    "pipeline/plan": 1,
    "pipeline/quality": 5,
    "pipeline/reading": 20,
    "pipeline/recording": 10,
    "pipeline/review": 54,
    "pipeline/status": 36,
    "pipeline/views": 5,
    "policy": 187,
    "providers": 39,
    "sandbox": 181,
    "stack": 3,
    "stack/capacity": 44,
    "stack/configs": 66,
    "stack/judgement": 22,
    "stack/settings": 72,
    "stack/specification": 72,
}


def texts(source: str) -> Iterator[str]:
    """Yield the comments and strings of a file."""
    kinds = {tokenize.COMMENT, tokenize.STRING}
    yield from (token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type in kinds)


def found() -> Counter[str]:
    """Count the retired phrases of the program by folder."""
    numbers: Counter[str] = Counter()
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).parts
        if parts[0].startswith(".") or parts[0] == "tests" or "contents" in parts:
            continue
        folder = "/".join(parts[:2]) if parts[0] in {"stack", "pipeline"} and len(parts) > 2 else parts[0]
        numbers[folder] += sum(len(RETIRED.findall(text)) for text in texts(path.read_text(encoding="utf-8")))
    return numbers


def test_no_folder_has_more_retired_phrases_than_before() -> None:
    """Write plainer where there are more; lower the number in the table where there are fewer."""
    assert {folder: number for folder, number in found().items() if number} == ALLOWED
