"""The archive's side of one table whose files no catalog names: plain Parquet in the folders of a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.audit import archived
from pipeline.audit.archived import ArchivedRows
from pipeline.audit.canonical import compared
from pipeline.audit.subject import Subject
from stack.settings.tables import archive_columns

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

    from pipeline.audit.questions import Found
    from pipeline.reading.store import Store
    from stack.settings.names import Names
    from stack.settings.tables import Table

_DATA: Final = ".parquet"


def subject(names: Names, table: Table) -> Subject:
    """Return the subject of an audit, as the stack file describes the table.

    Args:
        names: Names of the pipeline.
        table: The captured table.

    Raises:
        UnsupportedTypeError: If a column cannot be compared.
    """
    return Subject(
        table.qualified,
        table.archive_name,
        names.topic(table),
        compared(archive_columns(table)),
        table.primary_key,
        names.epoch,
        table.in_database,
        table.renamed,
    )


class FolderSide:
    """Rows and files of one table in the archive.

    The sink shows a file once it is whole, and replaces none: each file is committed, none can be lost, and none is an orphan.

    Args:
        store: The store.
        database: DuckDB that can read it.
        of: The table.
        location: Address of the folder below which its files are.
        folder: Private folder.
    """

    def __init__(self, store: Store, database: duckdb.DuckDBPyConnection, of: Subject, location: str, folder: Path) -> None:
        """Read nothing yet."""
        self._store = store
        self._location = location
        self.rows = ArchivedRows(database, of, folder)

    def read(self) -> None:
        """Read the rows of the files that are there now, and make the view ``archived`` of them.

        Raises:
            UnansweredError: If the store does not answer.
        """
        files = {file: 1 for file in sorted(self._objects()) if file.endswith(_DATA)}
        self.rows.add(files)
        self.rows.view(files)

    def files(self, _settle_s: float, _limit: int) -> tuple[dict[str, int], list[Found]]:
        """Count the objects in the table's folders.

        Returns:
            Counts, and no finding: nothing tells a file of the sink from another one.

        Raises:
            UnansweredError: If the store does not answer.
        """
        there = self._objects()
        return {"objects": len(there), "data files": sum(file.endswith(_DATA) for file in there)}, []

    def _objects(self) -> dict[str, archived.StoredObject]:
        return archived.objects(self._store.filesystem, [self._location])
