"""Markdown of a comment, within a length limit."""

from __future__ import annotations

import re
from typing import Final

from pipeline.checks.neutral import neutral
from pipeline.review.document import Block, Cell, Code, Diff, Document, Paragraph, Section, Strong, Table, Verbatim, pieces

# Characters of a comment; GitHub refuses longer ones ("body is too long (maximum is 65536 characters)")
GITHUB_LIMIT: Final = 65_536
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~#])")
_RUN = re.compile(r"`+")


class LeadTooLongError(ValueError):
    """The comment exceeds the limit even without everything that may be omitted."""


def markdown(document: Document, limit: int = GITHUB_LIMIT) -> str:
    """Render the comment in at most ``limit`` characters.

    The lead is never cut. Each cuttable section shows as many rows as fit, earlier sections first, and states how many it omits.

    Raises:
        LeadTooLongError: If the lead alone exceeds the limit.
    """
    shown = {id(section): 0 for section in document.sections if section.cuttable}

    def text() -> str:
        sections = [_section(section, shown.get(id(section))) for section in document.sections]
        head = [document.marker, f"## {_inline(document.title)}", *(_inline(line) for line in document.headline)]
        return neutral("\n\n".join([*head, *sections]) + "\n")

    if len(text()) > limit:
        message = (
            f"the mandatory part takes {len(text())} characters and the limit is {limit}; raise --limit, or use the text form "
            "(--format text) in a place without a limit"
        )
        raise LeadTooLongError(message)
    for section in document.sections:
        if section.cuttable:
            least, most = 0, len(_rows(section))
            while least < most:
                shown[id(section)] = (least + most + 1) // 2
                if len(text()) <= limit:
                    least = shown[id(section)]
                else:
                    most = shown[id(section)] - 1
            shown[id(section)] = least
    return text()


def _rows(section: Section) -> tuple[object, ...]:
    (block,) = section.blocks
    assert isinstance(block, (Table, Diff))  # noqa: S101 - guaranteed by Section.cuttable
    return block.rows


def _section(section: Section, shown: int | None) -> str:
    blocks = [_block(block, shown) for block in section.blocks]
    if shown is not None:
        rows, unit = _rows(section), getattr(section.blocks[0], "unit", "rows")
        if shown < len(rows):
            blocks = [*(blocks if shown else []), f"**{len(rows) - shown} of {len(rows)} {unit} left out**: the comment would be too long."]
    if section.folded:
        return "\n\n".join([f"<details><summary>{_html(section.title)}</summary>", *blocks, "</details>"])
    return "\n\n".join([f"### {_inline(section.title)}", *blocks])


def _block(block: Block, shown: int | None) -> str:
    if isinstance(block, Paragraph):
        return _inline(block.text)
    if isinstance(block, Verbatim):
        return _fenced(block.text, "text")
    if isinstance(block, Diff):
        return _fenced("\n".join(block.rows[:shown]), "diff")
    lines = [block.head, tuple("---" if at < block.texts else "--:" for at in range(len(block.head)))]
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    rows += ["| " + " | ".join(_inline(cell) for cell in row) + " |" for row in block.rows[:shown]]
    return "\n".join(rows)


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in _RUN.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _inline(cell: Cell) -> str:
    return "".join(_piece(piece) for piece in pieces(cell))


def _piece(piece: str) -> str:
    if isinstance(piece, Code):
        return _code(piece)
    return f"**{_plain(piece)}**" if isinstance(piece, Strong) else _plain(piece)


def _code(text: str) -> str:
    """Render a code span on one line; even there, a bar would end the cell of a table."""
    flat = " ".join(text.split()).replace("|", "\\|")
    if not flat:
        return "(empty)"
    fence = "`" * (max((len(run) for run in _RUN.findall(flat)), default=0) + 1)
    space = " " if flat[0] == "`" or flat[-1] == "`" else ""
    return f"{fence}{space}{flat}{space}{fence}"


def _plain(text: str) -> str:
    """Escape markup, links and mentions."""
    return _html(_SPECIAL.sub(r"\\\1", " ".join(text.split("\n")))).replace("@", "@<!-- -->")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
