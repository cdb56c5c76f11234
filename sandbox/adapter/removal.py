"""Deletion of journal entries: what needs others goes first, what does not need each other goes together."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from pipeline.recording.registration import PROVIDER_PREFIX
from sandbox.adapter.failures import ResourceError, block, joined, short_type

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from pipeline.checks.progress import Progress
    from sandbox.adapter.family import Family
    from sandbox.adapter.journal import Entry, Journal

_WORKERS: Final = 16


@dataclass(kw_only=True)
class Removal:
    """Deletes a set of entries from the world and from the journal.

    Attributes: `family` finds who acts for a type; `force` goes on after failures, for a cluster that dies anyway;
    `deleted` lists what is gone, as `Type name`.
    """

    journal: Journal
    family: Callable[[str], Family]
    progress: Progress
    cancelled: threading.Event
    force: bool = False
    deleted: list[str] = field(default_factory=list)
    _failures: list[str] = field(default_factory=list)

    def run(self, entries: Iterable[Entry]) -> None:
        """Delete the entries. Raises ResourceError about all that could not be deleted; what they need stays."""
        left = {entry.urn: entry for entry in entries}
        going = frozenset(left)
        running: dict[Future[bool], Entry] = {}
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="removal") as pool:
            while left or running:
                for entry in _free(left, running.values()) if not self.cancelled.is_set() else ():
                    running[pool.submit(self._delete, left.pop(entry.urn), going)] = entry
                if not running:
                    break
                try:
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                except KeyboardInterrupt:
                    self.cancelled.set()
                    raise
                for future in finished:
                    entry = running.pop(future)
                    if not future.result():
                        _keep_what_it_needs(left, entry)
        if self._failures and not self.force:
            raise ResourceError(joined(self._failures))

    def _delete(self, entry: Entry, going: frozenset[str]) -> bool:
        title = f"{short_type(entry.type)} {entry.name}"
        try:
            if not self._silent(entry, going):
                with self.progress.step(f"Delete {title}") as step:
                    provider = self.journal.get(entry.provider)
                    self.family(entry.type).delete(entry, provider.kept if provider else {}, step)
                self.deleted.append(title)
        except Exception as error:  # noqa: BLE001 - reported with all others
            self._failures.append(block("deleted", entry.type, entry.name, error))
            if not self.force:
                return False
        self.journal.remove(entry.urn)
        return True

    def _silent(self, entry: Entry, going: frozenset[str]) -> bool:
        """Tell whether there is nothing to do: providers, retained things, and what goes with something else."""
        twin = any(
            other.urn != entry.urn and (other.type, other.identity) == (entry.type, entry.identity)
            for other in self.journal.entries()
            if other.urn not in going
        )
        return entry.type.startswith(PROVIDER_PREFIX) or entry.retain or twin or entry.deleted_with in going


def _free(left: dict[str, Entry], running: Iterable[Entry]) -> list[Entry]:
    """Give what nothing needs any more, newest first."""
    needed = {urn for entry in (*left.values(), *running) for urn in (*entry.requires, entry.deleted_with)}
    return sorted((entry for entry in left.values() if entry.urn not in needed), key=lambda entry: -entry.order)


def _keep_what_it_needs(left: dict[str, Entry], failed: Entry) -> None:
    queue = [failed]
    while queue:
        entry = queue.pop()
        queue += [left.pop(urn) for urn in (*entry.requires, entry.deleted_with) if urn in left]
