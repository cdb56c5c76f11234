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
        """Make the copy as the checkout's file is now; its own salt stays."""
        salt = _SALT.search(self.path.read_text(encoding="utf-8")) if self.path.exists() else None
        self._given = self._original.read_text(encoding="utf-8")
        self.path.write_text((salt.group() if salt else "") + _SALT.sub("", self._given), encoding="utf-8")

    def take_back(self) -> None:
        """Write what the CLI has changed into the checkout's file.

        Commands that know no `--config-file` (`stack output`, `stack export`) write a new salt into the checkout's file when it has none:
        nothing is encrypted with it, and it is taken out again.
        """
        after = _SALT.sub("", self.path.read_text(encoding="utf-8"))
        theirs = _SALT.search(self._given)
        if after.strip() != _SALT.sub("", self._given).strip():
            self._original.write_text((theirs.group() if theirs else "") + after, encoding="utf-8")
        elif self._original.read_text(encoding="utf-8") != self._given:
            self._original.write_text(self._given, encoding="utf-8")
