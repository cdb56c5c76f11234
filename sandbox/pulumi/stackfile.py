"""The stack file that the CLI is given: the checkout's, with the salt of this state's secrets, which the checkout never sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SALT: Final = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)


class StackFile:
    """A copy beside the state. What the CLI writes into it, such as `config set` does, goes back into the checkout's file."""

    def __init__(self, original: Path, copy: Path) -> None:
        """Keep the places; nothing is read yet."""
        self._original = original
        self.path = copy
        self._given = ""

    def bring(self) -> None:
        """Make the copy as the checkout's file is now; the salt stays."""
        before = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        salt = _SALT.search(before)
        self._given = self._original.read_text(encoding="utf-8")
        self.path.write_text((salt.group() if salt else "") + self._given, encoding="utf-8")

    def take_back(self) -> bool:
        """Write what the CLI has changed into the checkout's file, and tell whether it has changed anything."""
        after = _SALT.sub("", self.path.read_text(encoding="utf-8"))
        if after.strip() == self._given.strip():
            return False
        self._original.write_text(after, encoding="utf-8")
        return True
