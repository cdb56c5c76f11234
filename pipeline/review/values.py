"""Short forms of values for a reviewer; long values are cut to the part that differs."""

from __future__ import annotations

import json
from itertools import takewhile
from typing import Final

from pipeline.review.secrecy import Hidden
from stack.unknown import Unknown

# Characters of one value; a longer one is cut in the part that two values share, or at the end
LONGEST: Final = 160
_AROUND: Final = 24


def shown(value: object) -> str:
    """Render a value on one line."""
    if value is None:
        return "(none)"
    if isinstance(value, (str, Hidden, Unknown)):
        return " ".join(str(value).split("\n"))
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=repr)


def cut(text: str) -> str:
    """Cut a text to LONGEST characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def changed_pair(old: object, new: object) -> tuple[str, str]:
    """Render both values; long ones without their common beginning and end."""
    before, after = shown(old), shown(new)
    if len(before) <= LONGEST and len(after) <= LONGEST:
        return before, after
    head = max(_alike(before, after) - _AROUND, 0)
    tail = max(_alike(before[head:][::-1], after[head:][::-1]) - _AROUND, 0)
    return _middle(before, head, tail), _middle(after, head, tail)


def _alike(one: str, other: str) -> int:
    """Count the characters that two texts share at their beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _middle(text: str, head: int, tail: int) -> str:
    middle = cut(text[head : len(text) - tail])
    return ("…" if head else "") + middle + ("…" if tail and not middle.endswith("…") else "")
