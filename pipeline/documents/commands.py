"""Writes the documents that are made from the code, or compares them with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pipeline.documents.documents import KINDS
from pipeline.documents.generated import PartError

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline.documents.generated import Document


def documents(kinds: Collection[str], *, check: bool = False) -> int:
    """Make the documents of some kinds anew.

    Args:
        kinds: Which; all where there are none.
        check: Whether nothing is changed, and a document that is out of date is a failure.

    Returns:
        0, or 1 when a document is out of date or cannot be made.
    """
    good = [_made(document, kind, check=check) for kind in kinds or KINDS for document in KINDS[kind].documents()]
    return 0 if all(good) else 1


def _made(document: Document, kind: str, *, check: bool) -> bool:
    before = document.path.read_text(encoding="utf-8")
    try:
        after = document.fresh(before)
    except PartError as error:
        print(f"error: {document.path.name}: {error}", file=sys.stderr)
        return False
    if check and after != before:
        print(f"error: {document.path.name} is out of date: run 'python -m pipeline documents {kind}'", file=sys.stderr)
        return False
    if not check:
        document.path.write_text(after, encoding="utf-8")
        print(f"{document.path.name}: {'up to date' if after == before else 'written'}")
    return True
