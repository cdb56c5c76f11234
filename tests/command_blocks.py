"""Command blocks of the documents, each with the mark above it that says how it is tested."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LANGUAGES: Final = ("console", "sh", "bash", "shell")
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_BLOCK: Final = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
_PROMPT: Final = re.compile(r"[$#] ")


@dataclass(frozen=True, slots=True)
class Block:
    """One command block.

    Attributes:
        place: Document and number of the block in it.
        mark: Text of the comment above it: ``tried here``, ``tried in the sandbox``, ``tried by`` and the test file that runs
            it as it stands, ``tried in part by`` a test file with what it does instead, or ``not tried:`` and the reason.
        text: The block.
    """

    place: str
    mark: str
    text: str

    @property
    def script(self) -> str:
        """Typed input: the lines behind a prompt and their continuations."""
        typed: list[str] = []
        inside = False
        for line in self.text.splitlines():
            found = _PROMPT.match(line)
            here_document = "<<'END'" in line
            if found and not inside:
                typed.append(line[found.end() :])
            elif inside or (typed and typed[-1].endswith("\\")):
                typed.append(line)
            inside = here_document or (inside and line != "END")
        return "\n".join(typed) + "\n"


def blocks(path: Path) -> Iterator[Block]:
    """Yield the command blocks of one document."""
    found = [match for match in _BLOCK.finditer(path.read_text(encoding="utf-8")) if match["language"] in LANGUAGES]
    for number, match in enumerate(found, start=1):
        yield Block(f"{path.relative_to(ROOT)} block {number}", match["mark"] or "", match["text"])


BLOCKS: Final = [block for path in DOCUMENTS for block in blocks(path)]


def tried(how: str) -> list[Block]:
    """Return the blocks with one mark."""
    return [block for block in BLOCKS if block.mark == how]
