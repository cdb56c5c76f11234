"""The stack file that the CLI is given: the checkout's, with the salt of this state's secrets, which the checkout never sees."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_SALT: Final = re.compile(r"^encryptionsalt:.*\n?", re.MULTILINE)
_SECURE: Final = re.compile(r"\bsecure:")


class StackFileConflictError(RuntimeError):
    """A changed stack file cannot be copied back to the checkout; the message gives the reason and the copy's path."""


class StackFile:
    """A copy beside the state. What the CLI writes into it, such as `config set` does, goes back into the checkout's file.

    Commands that know no `--config-file` (`stack output`, `stack export`) write a new salt into the checkout's file when it has none.
    Nothing is encrypted with it, and it is taken out again: after the command, or before the next one when this one was killed.
    """

    def __init__(self, original: Path, copy: Path) -> None:
        """Keep the places; nothing is read yet."""
        self._original = original
        self._without_salt = copy.with_suffix(".unsalted")
        self.path = copy
        self._given = ""

    def bring(self) -> None:
        """Make the copy as the checkout's file is now; its own salt stays."""
        text = self._original.read_text(encoding="utf-8")
        if self._without_salt.exists():
            text = _SALT.sub("", text)
            _write(self._original, text)
        elif not _SALT.search(text):
            self._without_salt.touch()
        salt = _SALT.search(self.path.read_text(encoding="utf-8")) if self.path.exists() else None
        self._given = text
        _write(self.path, (salt.group() if salt else "") + _SALT.sub("", text))

    def take_back(self) -> None:
        """Write what the CLI has changed into the checkout's file.

        Raises:
            StackFileConflictError: If the checkout's file was changed meanwhile too, or the change is a secret, which only this state's
                passphrase could decrypt.
        """
        given, after = _SALT.sub("", self._given), _SALT.sub("", self.path.read_text(encoding="utf-8"))
        if not self._original.exists():
            _write(self._original, self._given)
        now = self._original.read_text(encoding="utf-8")
        if not _SALT.search(self._given) and _SALT.search(now):
            now = _SALT.sub("", now)
            _write(self._original, now)
        self._without_salt.unlink(missing_ok=True)
        if after.strip() == given.strip():
            return
        if len(_SECURE.findall(after)) > len(_SECURE.findall(given)):
            message = (
                f"a secret cannot be set in {self._original.name}: it would be encrypted for this sandbox alone, which is thrown away. "
                "Give the value in clear, or leave it to the program, which makes its own secrets; nothing was changed"
            )
            raise StackFileConflictError(message)
        if _SALT.sub("", now).strip() != given.strip():
            message = (
                f"{self._original} was changed while the command ran, and the command has changed its copy {self.path} too: "
                "put what you want to keep into the first by hand"
            )
            raise StackFileConflictError(message)
        theirs = _SALT.search(now)
        _write(self._original, (theirs.group() if theirs else "") + after)


def _write(path: Path, text: str) -> None:
    """Replace a file whole, with the mode that it has."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        fresh.write_text(text, encoding="utf-8")
        if path.exists():
            fresh.chmod(path.stat().st_mode & 0o7777)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
