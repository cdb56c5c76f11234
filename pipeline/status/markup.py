"""HTML by construction: text becomes markup only through here, escaped, visible and without credentials; pure."""

from __future__ import annotations

import html
from typing import Final, TypeAlias

from pipeline.checks.neutral import visible
from stack.configs.secrecy import told


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Content: TypeAlias = "str | None"
"""Markup, text, or nothing."""

# Elements without content have no end
_VOID: Final = frozenset({"meta"})


def text(content: str) -> Markup:
    """Return foreign text as markup: invisible characters as escape sequences, credentials hidden, signs of HTML escaped."""
    return content if isinstance(content, Markup) else Markup(html.escape(visible(told(content))))


def element(tag: str, *content: Content, **attributes: str | float | None) -> Markup:
    """Return one element.

    Args:
        tag: Name of the element.
        content: Its content, in turn.
        attributes: Its attributes; ``_`` stands for a hyphen, an underscore at the end is dropped, and None is left out.
    """
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(value if isinstance(value, str) else str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inside = "".join(text(one) for one in content if one is not None)
    return Markup(f"<{tag}{given}>" if tag in _VOID else f"<{tag}{given}>{inside}</{tag}>")


def joined(*parts: Content) -> Markup:
    """Return parts one after the other."""
    return Markup("".join(text(one) for one in parts if one is not None))
