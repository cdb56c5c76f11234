"""Parameter for what a command writes: the place is looked at when the command begins, not after an hour of measuring."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


class Written(click.Path):
    """A file or a folder that the command writes; its folder is made.

    Args:
        folder: True for a folder, False for a file.
    """

    def __init__(self, *, folder: bool) -> None:
        """Take paths of this kind alone."""
        super().__init__(path_type=Path, file_okay=not folder, dir_okay=folder, writable=True)
        self._folder = folder

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's own
        """Return the path. Raises BadParameter, with the reason, if nothing can be written there."""
        path = Path(str(super().convert(value, param, ctx)))
        # a default is no text of the command line, and the checkout has its folder
        if isinstance(value, str):
            self._make(path if self._folder else path.parent, param, ctx)
        return path

    def _make(self, folder: Path, param: click.Parameter | None, ctx: click.Context | None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.fail(f"the folder {folder} cannot be made: {error.strerror}", param, ctx)
        if not os.access(folder, os.W_OK):
            self.fail(f"the folder {folder} cannot be written to", param, ctx)
