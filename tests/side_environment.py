"""A virtual environment beside the program's own, for programs that only one tier of tests runs."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class NotInstalledError(Exception):
    """The environment is not there; the message names the command."""


@dataclass(frozen=True, kw_only=True)
class SideEnvironment:
    """The environment.

    Attributes:
        name: Name of its folder, and of the target of `make` that installs it, without ``-test``.
        requirements: File of its Python packages, with exact versions.
        further: Names and versions of whatever else is installed in it.
    """

    name: str
    requirements: Path
    further: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Folder inside the virtual environment, so that nothing else has to leave it out, and `make clean` removes it."""
        return Path(sys.prefix) / self.name

    def check(self) -> None:
        """Check that the environment is there, in these versions.

        Raises:
            NotInstalledError: If it is not.
        """
        if not self._marker().is_file():
            message = f"the {self.name} are not installed here in these versions: run `make {self.name}-test`"
            raise NotInstalledError(message)

    def install(self, rest: Callable[[], None]) -> None:
        """Install the environment, unless it is there in these versions.

        Args:
            rest: Installs what is no Python package.
        """
        if self._marker().is_file():
            return
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", self.folder], check=True)
        pip = [self.folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--requirement", self.requirements]
        subprocess.run(pip, check=True)
        rest()
        self._marker().touch()

    def _marker(self) -> Path:
        """Return the file that says what is installed."""
        wanted = "\n".join((self.requirements.read_text(encoding="utf-8"), *self.further))
        return self.folder / f".complete-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
