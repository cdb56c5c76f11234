"""The archive's side of one table: its rows on disk, read on as the sink commits, and what stands in its folders."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.audit import archived
from pipeline.audit.archived import ArchivedRows, Named
from pipeline.audit.canonical import EPOCH_PROPERTY, compared
from pipeline.audit.questions import Found
from pipeline.audit.report import Finding, Hop, Kind
from pipeline.audit.subject import Subject
from pipeline.description.stack import UnansweredError
from pipeline.reading.quarantine import with_quarantine

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import duckdb
    from pyiceberg.table import Table

    from pipeline.audit.archived import StoredObject
    from pipeline.reading.archive import Archive
    from stack.settings.names import Names
    from stack.settings.tables import Table as CapturedTable


def subject(archive: Archive, names: Names, table: CapturedTable, name: str) -> Subject:
    """Return the subject of an audit, as the archived table describes it.

    Args:
        archive: The archive.
        names: Names of the pipeline.
        table: The captured table.
        name: Its name in the archive.

    Raises:
        UnansweredError: If the catalog does not give the table.
        UnsupportedTypeError: If a column cannot be compared.
    """
    try:
        archived_as = archive.table(name)
    except Exception as error:  # noqa: BLE001 - whatever the catalog's client raises: a database's error, AWS's, PyIceberg's
        message = f"the catalog does not give the table {name}: {type(error).__name__}: {str(error).strip().splitlines()[0]}"
        raise UnansweredError(message) from None
    columns = compared((field.name, str(field.field_type)) for field in archived_as.schema().fields)
    epoch = int(archived_as.properties.get(EPOCH_PROPERTY, "1"))
    topic = names.topic(table)
    return Subject(table.qualified, name, topic, columns, table.primary_key, epoch, table.in_database, table.renamed)


class ArchiveSide:
    """Archive's rows of one table, good and quarantined ones: each change is once in either of the two.

    Args:
        archive: The archive.
        database: DuckDB that can read it.
        of: The table.
        folder: Private folder.
    """

    def __init__(self, archive: Archive, database: duckdb.DuckDBPyConnection, of: Subject, folder: Path) -> None:
        """Read nothing yet."""
        self._archive = archive
        self._subject = of
        self.rows = ArchivedRows(database, of, folder)
        self.named = Named((), frozenset(), frozenset(), frozenset())
        self.lost: frozenset[str] = frozenset()

    def read(self) -> None:
        """Read the rows of the files that are committed now, and make the view ``archived`` of them.

        Raises:
            UnansweredError: If catalog or store does not answer, or the table has files that say which rows are deleted.
        """
        try:
            tables = self._tables()
            self.named = archived.together(map(archived.named, tables))
        except Exception as error:  # noqa: BLE001 - as above
            message = f"the snapshots of {self._subject.archive} cannot be read: {type(error).__name__}: {error}"
            raise UnansweredError(message) from None
        if self.named.deletes:
            message = f"{self._subject.archive} has {len(self.named.deletes)} delete file(s), which this audit does not apply"
            raise UnansweredError(message)
        counted = Counter(self.named.data)
        there = self._objects(tables)
        self.lost = frozenset(self._absent((set(counted) | self.named.earlier) - there.keys()))
        present = {file: times for file, times in counted.items() if file not in self.lost}
        self.rows.add(present)
        self.rows.view(present)

    def _tables(self) -> list[Table]:
        return with_quarantine(self._archive.table, self._subject.archive)

    def _objects(self, tables: Iterable[Table]) -> dict[str, StoredObject]:
        return archived.objects(self._archive.filesystem, [folder for table in tables for folder in archived.location_of(table)])

    def _absent(self, files: Iterable[str]) -> list[str]:
        listed = sorted(files)
        try:
            infos = self._archive.filesystem.get_file_info([archived.split(file)[1] for file in listed])
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
        there, now = self._objects(self._tables()), time.time()
        named = archived.together(map(archived.named, self._tables())).all | self.named.all
        unnamed = {file: one for file, one in there.items() if file not in named}
        orphans = sorted(file for file, one in unnamed.items() if now - one.written >= settle_s)
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
        if orphans:
            counts["bytes of orphan files"] = sum(unnamed[file].size for file in orphans)
        found = [Found(kind, len(listed), tuple(listed[:limit])) for kind, listed in ((Kind.LOST_FILE, lost), (Kind.ORPHAN_FILE, orphaned))]
        return counts, found


def _file(kind: Kind, file: str, text: str) -> Finding:
    return Finding(kind=kind, hop=Hop.FILES, file=file, text=text)
