"""Parts of documents that are made from the code: put between two markers, or compared with what is there."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class PartError(Exception):
    """A part cannot be made, or its document has no place for it; the message says what to add."""


def markers(name: str) -> tuple[str, str]:
    """The lines before and after a part."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def replaced(text: str, name: str, content: str) -> str:
    """A document with fresh content between a part's markers.

    Raises:
        PartError: If a marker is missing.
    """
    before, after = markers(name)
    head, begin, rest = text.partition(before)
    _, end, tail = rest.partition(after)
    if not begin or not end:
        message = f"there is no place for the {name}: put the lines {before} and {after} where they belong"
        raise PartError(message)
    return f"{head}{begin}\n{content}\n{end}{tail}"


def main(arguments: Sequence[str] | None, module: str, document: Path, fresh: Callable[[str], str]) -> int:
    """Write a document's parts, or with ``--check`` only compare.

    Args:
        arguments: The command line, or None for the process's own.
        module: What the command is called.
        document: The document.
        fresh: Its text with fresh parts, from its text.

    Returns:
        0, or 1 when the document is out of date or a part cannot be made.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Make the generated parts of {document.name} anew.")
    parser.add_argument("--check", action="store_true", help=f"change nothing; fail when {document.name} is out of date")
    check = parser.parse_args(arguments).check
    text = document.read_text(encoding="utf-8")
    try:
        made = fresh(text)
    except PartError as error:
        sys.stderr.write(f"error: {document.name}: {error}\n")
        return 1
    if check and made != text:
        sys.stderr.write(f"error: {document.name} is out of date: run 'python -m {module}'\n")
        return 1
    if not check:
        document.write_text(made, encoding="utf-8")
    return 0
