"""Search for an earlier publication among a repository's comments or issues."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class UnreadablePagesError(ValueError):
    """The input is not GitHub's list of comments or issues."""


def published(pages: str, marker: str, author: str) -> dict[str, Any] | None:
    """Return the oldest comment or issue of an author that begins with a marker; pull requests in the list of issues do not count.

    Args:
        pages: JSON arrays one after the other, as ``gh api --paginate`` writes them.
        marker: First line.
        author: Login of the publisher.

    Raises:
        UnreadablePagesError: If the text is anything else.
    """
    for item in _items(pages):
        lines = str(item.get("body") or "").splitlines()
        mine = (item.get("user") or {}).get("login") == author and not item.get("pull_request")
        if mine and lines and lines[0].strip() == marker:
            return item
    return None


def _items(pages: str) -> Iterator[dict[str, Any]]:
    decoder, rest = json.JSONDecoder(), pages.strip()
    while rest:
        try:
            page, end = decoder.raw_decode(rest)
        except json.JSONDecodeError:
            page, end = None, 0
        if not isinstance(page, list) or not all(isinstance(item, dict) for item in page):
            message = "the list of comments or issues cannot be read; pass the output of 'gh api --paginate'"
            raise UnreadablePagesError(message)
        yield from page
        rest = rest[end:].strip()
