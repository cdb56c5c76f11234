"""The known word that a misspelt one probably means."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# Similarity from which a word counts as a misspelling of another; heap of heapMib is above it, words with one common part are below.
LIKENESS: Final = 0.72
# Characters that are compared: the time grows with the square of a word's length.
_LONGEST: Final = 100


def nearest(word: object, known: Iterable[str], likeness: float = LIKENESS) -> str:
    """Return the known word most similar to a written one, case aside, or an empty string.

    Args:
        word: The word as written.
        known: Known words.
        likeness: Least similarity, from 0 to 1.
    """
    by_form = {one.lower(): one for one in known}
    found = difflib.get_close_matches(str(word)[:_LONGEST].lower(), by_form, n=1, cutoff=likeness)
    return by_form[found[0]] if found else ""
