"""The tables of types in docs/fidelity.md, from the typed model."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pipeline.documents.generated import replaced
from stack.settings.archived_types import AS_TEXT, OF_EXTENSIONS, PLAIN, REFUSED

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "fidelity.md"
_REMARKS: Final = {
    "text": "of `char(n)` with the blanks that fill it",
    "documents": "`json` and `xml` as they were written, `jsonb` as the server spells it",
    "times": "`interval` in ISO 8601, as the server writes it with `IntervalStyle = iso_8601`; the column needs `CHECK (isfinite(…))` "
    "since PostgreSQL 17",
    "numbers": "`numeric` without digits, of more than 38 digits, or of a scale below 0 or above its digits; `NaN` and `Infinity` as words",
    "ranges": "times in UTC",
    "multiranges": "times in UTC",
}


def exact() -> str:
    """Return the table of types whose values are archived exactly."""
    by_type: dict[str, list[str]] = {}
    for name, archived in PLAIN.items():
        by_type.setdefault(archived, []).append(name)
    rows = [(names, f"`{archived}`", "") for archived, names in by_type.items()]
    rows.append((["numeric(p,s)"], "`decimal(p,s)`", "up to 38 digits, `s` from 0 to `p`"))
    rows += [(list(names), "`string`, the server's text", _REMARKS.get(subject, "")) for subject, names in AS_TEXT.items()]
    rows.append((list(OF_EXTENSIONS), "`string`, the server's text", "types of extensions; the table file says `archivedAs: text`"))
    rows.append((["text[]"], "`string`, the server's text", "an array of any type of this table, of one dimension or more"))
    return _table(("type", "archived as", "remark"), [(_listed(names), archived, remark) for names, archived, remark in rows])


def refused() -> str:
    """Return the table of types that are refused."""
    return _table(("type", "reason", "cure"), [(_listed(names), reason, cure) for names, reason, cure in REFUSED])


def updated(text: str) -> str:
    """Return the document with fresh tables."""
    return replaced(replaced(text, "exact", exact()), "refused", refused())


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
