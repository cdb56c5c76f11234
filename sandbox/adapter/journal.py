"""Journal of the sandbox's resources, on disk, so that any later run can continue or remove them.

Every change replaces the whole file atomically. An entry is written before its resource is touched, so a killed run
leaves at worst an entry for something that does not exist, never the reverse. The file holds secrets in clear text, as
the throw-away machine's other state does; its mode is 0600.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_VERSION: Final = 2


class JournalError(RuntimeError):
    """The journal on disk cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One resource of the journal.

    Attributes: `order` counts resources in the order of their first creation; `done` is false from the intent until
    the creation succeeded; `identity` is what tells two physical things of a type apart; `requires` are the URNs that
    must exist while this one does; `kept` is what deletion needs; `outputs` is what must survive (generated secrets).
    """

    urn: str
    type: str
    name: str
    provider: str
    requires: tuple[str, ...]
    identity: str
    order: int = 0
    done: bool = False
    deleted_with: str = ""
    protect: bool = False
    retain: bool = False
    kept: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The entries of one sandbox by URN; every change is on disk when the call returns. Usable from many threads."""

    def __init__(self, path: Path) -> None:
        """Read what an earlier run left. Raises JournalError for a file of another version or with other contents."""
        self._path = path
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self.project, self.stack = "", ""
        self.outputs: dict[str, Any] = {}
        self.secret_outputs: frozenset[str] = frozenset()
        if path.exists():
            self._load(path)

    def get(self, urn: str) -> Entry | None:
        """Give the entry of a resource, or None."""
        with self._lock:
            return self._entries.get(urn)

    def entries(self) -> tuple[Entry, ...]:
        """Give all entries in the order of their first creation."""
        with self._lock:
            return tuple(sorted(self._entries.values(), key=lambda entry: entry.order))

    def put(self, entry: Entry) -> Entry:
        """Write an entry, keeping the order it has had; an equal one costs nothing."""
        with self._lock:
            known = self._entries.get(entry.urn)
            order = known.order if known else 1 + max((item.order for item in self._entries.values()), default=0)
            entry = replace(entry, order=order)
            if entry != known:
                self._entries[entry.urn] = entry
                self._save()
            return entry

    def rename(self, old: str, new: str) -> None:
        """Move an entry to a new URN, as an alias in the program asks for."""
        with self._lock:
            entry = self._entries.pop(old)
            self._entries[new] = replace(entry, urn=new)
            self._save()

    def remove(self, urn: str) -> None:
        """Forget a resource that no longer exists."""
        with self._lock:
            if self._entries.pop(urn, None) is not None:
                self._save()

    def finish(self, project: str, stack: str, outputs: Mapping[str, Any], secret: Iterable[str]) -> None:
        """Keep the outputs of a run that succeeded."""
        with self._lock:
            self.project, self.stack = project, stack
            self.outputs, self.secret_outputs = dict(outputs), frozenset(secret)
            self._save()

    def _load(self, path: Path) -> None:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                message = f"{path} was written by another version of the sandbox: take it down and start afresh"
                raise JournalError(message)
            self.project, self.stack, self.outputs = content["project"], content["stack"], content["outputs"]
            self.secret_outputs = frozenset(content["secret_outputs"])
            for item in content["entries"]:
                entry = Entry(**{**item, "requires": tuple(item["requires"])})
                self._entries[entry.urn] = entry
        except (ValueError, KeyError, TypeError) as error:
            message = f"{path} is damaged ({type(error).__name__}): take the sandbox down and start afresh"
            raise JournalError(message) from None

    def _save(self) -> None:
        content = {
            "version": _VERSION,
            "project": self.project,
            "stack": self.stack,
            "outputs": self.outputs,
            "secret_outputs": sorted(self.secret_outputs),
            "entries": [asdict(entry) for entry in sorted(self._entries.values(), key=lambda entry: entry.order)],
        }
        whole_file.write(self._path, json.dumps(content, indent=1))
