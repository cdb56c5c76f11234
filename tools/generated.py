"""Generated parts of documents: written between two markers, or compared with the existing text."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class PartError(Exception):
    """A part cannot be generated, or its markers are missing; the message contains the cure."""


def markers(name: str) -> tuple[str, str]:
    """Return the lines before and after a part."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


def replaced(text: str, name: str, content: str) -> str:
    """Return the document with new content between a part's markers.

    Raises:
        PartError: If a marker is missing.
    """
    before, after = markers(name)
    head, begin, rest = text.partition(before)
    _, end, tail = rest.partition(after)
    if not begin or not end:
        message = f"the markers of the {name} are missing: add the lines {before} and {after} around its place"
        raise PartError(message)
    return f"{head}{begin}\n{content}\n{end}{tail}"


def main(arguments: Sequence[str] | None, module: str, document: Path, fresh: Callable[[str], str]) -> int:
    """Write a document's parts, or with ``--check`` only compare.

    Args:
        arguments: Command-line arguments, or None for those of the process.
        module: Module of the command.
        document: Path of the document.
        fresh: Function from the document's text to its text with current parts.

    Returns:
        0, or 1 if the document is out of date or a part cannot be generated.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=f"Update the generated parts of {document.name}.")
    parser.add_argument("--check", action="store_true", help=f"change nothing; fail if {document.name} is out of date")
    check = parser.parse_args(arguments).check
    text = document.read_text(encoding="utf-8")
    try:
        current = fresh(text)
    except PartError as error:
        sys.stderr.write(f"error: {document.name}: {error}\n")
        return 1
    if check and current != text:
        sys.stderr.write(f"error: {document.name} is out of date: run 'python -m {module}'\n")
        return 1
    if not check:
        document.write_text(current, encoding="utf-8")
    return 0
