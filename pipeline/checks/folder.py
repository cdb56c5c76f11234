"""Files that a command makes, in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class UnwrittenFilesError(Exception):
    """A file cannot be written; the message names the folder and the reason."""


def write(made: Mapping[str, str], folder: Path) -> None:
    """Write files; a folder that does not exist is created.

    Args:
        made: Text of each file, by its path in the folder.
        folder: The folder.

    Raises:
        UnwrittenFilesError: If a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}"
        raise UnwrittenFilesError(message) from error
