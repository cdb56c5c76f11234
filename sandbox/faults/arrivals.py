"""What comes into the archive while a run goes on: each data file is read once, soon after the catalog has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.faults import rows
from sandbox.faults.books import TABLES, Arrival, Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.archive import Archive


@dataclass
class Arrivals:
    """A reader that remembers what it has read.

    Attributes:
        archive: The archive.
        since: Position in the write-ahead log from which on changes count.
    """

    archive: Archive
    since: int
    _manifests: set[str] = field(default_factory=set)
    _files: set[str] = field(default_factory=set)

    def skip(self) -> None:
        """Leave out what is there already."""
        for table in TABLES:
            list(self._fresh(table))

    def read(self) -> list[Arrival]:
        """Return what has come since the last call.

        Raises:
            Exception: Whatever catalog or object store say when they cannot answer; nothing is lost by it.
        """
        manifests, files = set(self._manifests), set(self._files)
        try:
            return [arrival for table in TABLES for arrival in self._arrivals(table, list(self._fresh(table)))]
        except BaseException:
            self._manifests, self._files = manifests, files
            raise

    def _fresh(self, table: str) -> Iterator[str]:
        """Return the addresses of the data files that no call before has seen; only new manifests are fetched."""
        loaded = self.archive.table(table)
        snapshot = loaded.current_snapshot()
        for manifest in snapshot.manifests(loaded.io) if snapshot else ():
            if manifest.manifest_path in self._manifests:
                continue
            for entry in manifest.fetch_manifest_entry(loaded.io):
                if entry.data_file.file_path not in self._files:
                    self._files.add(entry.data_file.file_path)
                    yield entry.data_file.file_path
            self._manifests.add(manifest.manifest_path)

    def _arrivals(self, table: str, paths: list[str]) -> list[Arrival]:
        answer = self.archive.query_files(table, paths, rows.question(table), [self.since])
        return [
            Arrival(
                Change(table, row["number"], row["__op"], row["version"]),
                row["sound"],
                row["__source_lsn"],
                row["id"],
                row["__kafka_partition"],
                row["__kafka_offset"],
            )
            for row in answer
        ]
