"""A copy of the project, for tests that change files."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def copy_project(folder: Path) -> None:
    """Copy the files that Git tracks, as they are in this checkout, into a new folder; the copy shares the virtual environment."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, listed):
        if (ROOT / name).is_file() and not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
