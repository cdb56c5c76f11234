"""The files of the project, and a copy of them for tests that change files."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def tracked(pattern: str = "*") -> list[str]:
    """Return the paths of the files that Git tracks and this checkout has, those of a pattern of Git."""
    listed = subprocess.run(["git", "ls-files", "-z", "--", pattern], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def copy_project(folder: Path) -> None:
    """Copy the files that Git tracks, as they are in this checkout, into a new folder; the copy shares the virtual environment."""
    for name in tracked():
        if not (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
