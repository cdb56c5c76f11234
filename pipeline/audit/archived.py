"""The archive's side: files that the table names, objects in its folders, and the identity and hash of every row of them on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector
from pyiceberg.manifest import ManifestContent

from pipeline.audit.canonical import EPOCH
from pipeline.audit.interruption import interruptible
from pipeline.description.stack import UnansweredError
from pipeline.views.order import SEQUENCE
from stack.settings.quality import QUARANTINE
from stack.settings.sql_names import text_literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import duckdb
    from pyarrow.fs import FileSystem
    from pyiceberg.table import Table

    from pipeline.audit.subject import Subject

# columns of an archived row besides the compared ones
_PLACE: Final = [
    pa.field("__topic", pa.string()),
    pa.field("__kafka_partition", pa.int32()),
    pa.field("__kafka_offset", pa.int64()),
    # tables from before the column lack it
    pa.field(SEQUENCE, pa.string()),
    # text, into which DuckDB turns numbers too; tables from before epochs lack the column
    pa.field(EPOCH, pa.string()),
]

# DuckDB keeps the description of every file of a query, about 0.1 MB each, and a sink writes thousands in a day
_FILES: Final = 100

# Last commit before the change's transaction, which orders transactions; see pipeline/views/order.py
_BEFORE: Final = f"CASE WHEN {SEQUENCE} LIKE '[\"%' THEN CAST(split_part({SEQUENCE}, '\"', 2) AS BIGINT) END"
# A quarantined row has a mark behind its topic; see docs/adr/0036
_TOPIC: Final = f"replace(__topic, '{QUARANTINE}', '')"
_NUMBER_OF_EPOCH: Final = f"coalesce(TRY_CAST({EPOCH} AS INTEGER), 1)"


@dataclass(frozen=True, slots=True)
class Named:
    """Files that a table names.

    Attributes:
        data: Data files of the current snapshot, each once for each time it is named.
        earlier: Data files that only earlier snapshots name.
        metadata: Metadata files of the table and of all its snapshots.
        deletes: Delete files of the current snapshot; the sink writes none.
    """

    data: tuple[str, ...]
    earlier: frozenset[str]
    metadata: frozenset[str]
    deletes: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every named file."""
        return frozenset(self.data) | self.earlier | self.metadata | self.deletes


def named(table: Table) -> Named:
    """Read the names of all files of a table from the manifests of its snapshots."""
    snapshots, current = table.metadata.snapshots, table.current_snapshot()
    metadata = {table.metadata_location, *(entry.metadata_file for entry in table.metadata.metadata_log)}
    metadata |= {statistics.statistics_path for statistics in table.metadata.statistics}
    manifests: dict[str, Any] = {}
    for snapshot in snapshots:
        metadata.add(snapshot.manifest_list)
        manifests.update({manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)})
    every = {
        entry.data_file.file_path
        for manifest in manifests.values()
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False)
    }
    present: dict[ManifestContent, list[str]] = {content: [] for content in ManifestContent}
    for manifest in current.manifests(table.io) if current is not None else ():
        # one manifest at a time, and of each entry the name only: a plan of the scan would hold them all
        present[manifest.content] += [entry.data_file.file_path for entry in manifest.fetch_manifest_entry(table.io)]
    data, deletes = tuple(present[ManifestContent.DATA]), frozenset(present[ManifestContent.DELETES])
    return Named(data, frozenset(every - set(data) - deletes), frozenset(metadata | set(manifests)), deletes)


def together(found: Iterable[Named]) -> Named:
    """Return the files of several tables as those of one."""
    every = list(found)
    return Named(
        tuple(file for one in every for file in one.data),
        frozenset[str]().union(*(one.earlier for one in every)),
        frozenset[str]().union(*(one.metadata for one in every)),
        frozenset[str]().union(*(one.deletes for one in every)),
    )


def location_of(table: Table) -> tuple[str, ...]:
    """Return the folders of a table: that of its metadata, and that of its data if it is another one."""
    return tuple(dict.fromkeys([table.location(), table.properties.get("write.data.path", table.location())]))


@dataclass(frozen=True, slots=True)
class StoredObject:
    """Object of the store.

    Attributes:
        written: Time of its last change, in seconds since 1970.
        size: Its size in bytes.
    """

    written: float
    size: int


def objects(filesystem: FileSystem, folders: Iterable[str]) -> dict[str, StoredObject]:
    """Return every object in the folders by its address.

    Raises:
        UnansweredError: If the store does not answer.
    """
    found: dict[str, StoredObject] = {}
    for folder in folders:
        try:
            scheme, path = split(folder)
            listed = filesystem.get_file_info(FileSelector(path, recursive=True, allow_not_found=True))
        except OSError as error:
            message = f"the objects in {folder} cannot be listed: {error}"
            raise UnansweredError(message) from None
        files = (info for info in listed if info.is_file)
        found.update({f"{scheme}{one.path}": StoredObject(one.mtime.timestamp() if one.mtime else 0.0, one.size or 0) for one in files})
    return found


def split(address: str) -> tuple[str, str]:
    """Return the scheme of an address, such as ``s3://``, and the path behind it."""
    scheme, mark, path = address.rpartition("://")
    return scheme + mark, path


class ArchivedRows:
    """Identity and hash of the rows of an archived table on disk, file by file, so that a file is read once.

    Args:
        database: DuckDB that can read the store.
        subject: The table.
        folder: Private folder for it.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, subject: Subject, folder: Path) -> None:
        """Begin without files."""
        self._database = database
        self._subject = subject
        self._folder = folder
        self._read: set[str] = set()
        self._template = folder / f"{subject.archive}-template.parquet"
        fields = [*(pa.field(column.name, column.arrow) for column in subject.columns), *_PLACE]
        # an empty file with every column: a file from before a column was added then has NULL there
        pq.write_table(pa.schema(fields).empty_table(), self._template)

    def add(self, files: Iterable[str]) -> None:
        """Read the files that were not read before.

        Raises:
            UnansweredError: If the store does not answer.
        """
        fresh = sorted(set(files) - self._read)
        for begin in range(0, len(fresh), _FILES):
            self._add(fresh[begin : begin + _FILES])

    def _add(self, fresh: list[str]) -> None:
        number = len(list(self._folder.glob(f"{self._subject.archive}-rows-*")))
        target = self._folder / f"{self._subject.archive}-rows-{number}.parquet"
        try:
            with interruptible():
                self._database.execute(f"COPY ({self._rows(fresh)}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
        except Exception as error:  # noqa: BLE001 - DuckDB passes on what Arrow's client raises
            message = f"the rows of {self._subject.archive} cannot be copied to {self._folder}: {type(error).__name__}: {error}"
            raise UnansweredError(message) from None
        self._read |= set(fresh)

    def _rows(self, files: list[str]) -> str:
        # by number, since DuckDB may spell an address in another way than the catalog; the template has number 0
        numbered = {"number": pa.array(range(1, len(files) + 1), pa.int64()), "@file": pa.array(files, pa.string())}
        self._database.register("fresh_files", pa.table(numbered))
        subject = self._subject
        key = ", ".join(subject.quoted_key)
        listed = source(self._template, files)
        return (
            f'SELECT "@file", {_NUMBER_OF_EPOCH} AS "@epoch", {_TOPIC} AS "@topic", __topic <> {_TOPIC} AS "@quarantined", '  # noqa: S608
            f'__kafka_partition AS "@partition", '
            f'__kafka_offset AS "@offset", __source_lsn AS "@lsn", {_BEFORE} AS "@before", __op AS "@op", {key}, {subject.hash} AS "@hash" '
            f"FROM {listed} AS rows JOIN fresh_files ON rows.file_index = number"
        )

    def view(self, files: Mapping[str, int]) -> None:
        """Make the view ``archived`` of the rows of the current files, a file that is named twice with each row twice.

        Args:
            files: File to how often it is named.
        """
        repeated = [file for file, times in files.items() for _ in range(times)]
        self._database.register("named_files", pa.table({"file": pa.array(repeated, pa.string())}))
        self._database.execute("CREATE OR REPLACE TEMP TABLE current_files AS SELECT file FROM named_files")
        self._database.unregister("named_files")
        pattern = self._folder / f"{self._subject.archive}-rows-*.parquet"
        rows = f"read_parquet('{pattern}')" if self._read else f"({self._rows([])})"
        view = f'SELECT rows.* FROM {rows} AS rows JOIN current_files ON "@file" = file'  # noqa: S608 - from the table model
        self._database.execute(f"CREATE OR REPLACE TEMP VIEW archived AS {view}")

    def altered_columns(self, file: str, partition: int, offset: int) -> tuple[str, ...]:
        """Return the names of the columns in which a row of a file differs from Kafka's, whose rows are in the view ``kafka``."""
        columns = self._subject.columns
        differ = ", ".join(
            f"CAST(a.{column.quoted} AS {column.sql}) IS DISTINCT FROM CAST(k.{column.quoted} AS {column.sql})" for column in columns
        )
        found = self._database.execute(
            f"SELECT {differ} FROM {source(self._template, [file])} AS a, kafka AS k "  # noqa: S608
            'WHERE a.__kafka_partition = k."@partition" AND a.__kafka_offset = k."@offset" '
            'AND k."@partition" = $partition AND k."@offset" = $offset',
            {"partition": partition, "offset": offset},
        ).fetchall()
        return tuple(column.name for index, column in enumerate(columns) if any(row[index] for row in found))


def source(template: Path, files: Iterable[str]) -> str:
    """Return DuckDB's source of the rows of files, with every column of the template."""
    listed = ", ".join(map(text_literal, [str(template), *files]))
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
