"""Writes a file whole or not at all, readable by its owner alone unless told otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file, whatever rights the old one had; it is on disk when this returns, and whoever reads sees the old or the new one.

    Args:
        path: The file; its folder is made if there is none.
        text: Its content.
        mode: Who may read it, whatever the umask says.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, mode)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
