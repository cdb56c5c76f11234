"""The archive's side of one table: its rows on disk, read on as the sink commits, and what stands in its folders."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from audit import archived
from audit.archived import ArchivedRows, Named
from audit.canonical import EPOCH, compared
from audit.questions import Found
from audit.report import Finding, Hop, Kind
from audit.subject import Subject, UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb

    from reading.archive import Archive
    from settings.names import Names
    from settings.tables import Table

_SCHEME: Final = "s3://"


def fields(archive: Archive, name: str) -> list[tuple[str, str]]:
    """Return name and Iceberg type of each column of an archived table.

    Raises:
        UnansweredError: If the catalog does not give the table.
    """
    try:
        return [(field.name, str(field.field_type)) for field in archive.table(name).schema().fields]
    except Exception as error:  # whatever the catalog's client raises: a database's error, AWS's, PyIceberg's
        message = f"the catalog does not give the table {name}: {type(error).__name__}: {str(error).strip().splitlines()[0]}"
        raise UnansweredError(message) from None


def subject(names: Names, table: Table, archived_as: str, columns: list[tuple[str, str]]) -> Subject:
    """Return the subject of an audit. Raises UnsupportedTypeError."""
    return Subject(table.qualified, archived_as, names.topic(table), compared(columns), table.primary_key)


class ArchiveSide:
    """What the archive has of one table.

    Args:
        archive: The archive.
        database: DuckDB that can read it.
        of: The table.
        folder: Private folder.
        has_epoch: Whether the table has a column for the epoch.
    """

    def __init__(self, archive: Archive, database: duckdb.DuckDBPyConnection, of: Subject, folder: Path, *, has_epoch: bool) -> None:
        """Read nothing yet."""
        self._archive = archive
        self._subject = of
        self.rows = ArchivedRows(database, of, folder, has_epoch=has_epoch)
        self.named = Named((), frozenset(), frozenset(), frozenset())
        self.lost: frozenset[str] = frozenset()

    def read(self) -> None:
        """Read the rows of the files that are committed now, and make the view ``archived`` of them.

        Raises:
            UnansweredError: If catalog or store does not answer, or the table has files that say which rows are deleted.
        """
        try:
            table = self._archive.table(self._subject.archive)
            self.named = archived.named(table)
        except Exception as error:  # as above
            message = f"the snapshots of {self._subject.archive} cannot be read: {type(error).__name__}: {error}"
            raise UnansweredError(message) from None
        if self.named.deletes:
            message = f"{self._subject.archive} has {len(self.named.deletes)} delete file(s), which this audit does not apply"
            raise UnansweredError(message)
        counted = Counter(self.named.data)
        there = archived.objects(self._archive.filesystem, archived.location_of(table))
        self.lost = frozenset(self._absent((set(counted) | self.named.earlier) - there.keys()))
        present = {file: times for file, times in counted.items() if file not in self.lost}
        self.rows.add(present)
        self.rows.view(present)

    def _absent(self, files: Iterable[str]) -> list[str]:
        listed = sorted(files)
        try:
            infos = self._archive.filesystem.get_file_info([file.removeprefix(_SCHEME) for file in listed])
        except OSError as error:
            message = f"the store does not say which files of {self._subject.archive} exist: {error}"
            raise UnansweredError(message) from None
        return [file for file, info in zip(listed, infos, strict=True) if not info.is_file]

    def files(self, settle_s: float, limit: int) -> tuple[dict[str, int], list[Found]]:
        """Compare the objects in the table's folders with the files that it names.

        Args:
            settle_s: Age in seconds from which an object that no snapshot names belongs to no commit that is under way.
            limit: The most findings that are named.

        Returns:
            Counts and findings.

        Raises:
            UnansweredError: If catalog or store does not answer.
        """
        table = self._archive.table(self._subject.archive)
        there, now = archived.objects(self._archive.filesystem, archived.location_of(table)), time.time()
        named = archived.named(self._archive.table(self._subject.archive)).all | self.named.all
        unnamed = {file: written for file, written in there.items() if file not in named}
        orphans = sorted(file for file, written in unnamed.items() if now - written >= settle_s)
        current = frozenset(self.named.data)
        lost = [
            _file(Kind.LOST_FILE, file, f"is named by {'the current' if file in current else 'an earlier'} snapshot and does not exist")
            for file in sorted(self.lost)
        ]
        orphaned = [_file(Kind.ORPHAN_FILE, file, "is in the table's folder and no snapshot names it") for file in orphans]
        counts = {
            "objects": len(there),
            "data files": len(self.named.data),
            "of earlier snapshots": len(self.named.earlier),
            "metadata files": len(self.named.metadata),
            "not yet committed": len(unnamed) - len(orphans),
        }
        found = [Found(kind, len(listed), tuple(listed[:limit])) for kind, listed in ((Kind.LOST_FILE, lost), (Kind.ORPHAN_FILE, orphaned))]
        return counts, found


def has_epoch(columns: Iterable[tuple[str, str]]) -> bool:
    """Tell whether an archived table has a column for the epoch."""
    return any(name == EPOCH for name, _ in columns)


def _file(kind: Kind, file: str, text: str) -> Finding:
    return Finding(kind=kind, hop=Hop.FILES, file=file, text=text)
