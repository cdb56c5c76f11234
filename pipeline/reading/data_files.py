"""Data files of an archived table as its manifests describe them: rows, and the bounds of the pipeline's own columns; no row is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import ManifestContent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping

    from pyiceberg.manifest import ManifestEntry
    from pyiceberg.table import Table
    from pyiceberg.types import PrimitiveType

PARTITION: Final = "__kafka_partition"
OFFSET: Final = "__kafka_offset"
# Files of a partition whose offsets count: after a rebalance, a slower task's older rows can come one commit later
_NEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One data file of the current snapshot.

    Attributes:
        path: Its address.
        rows: Number of its rows.
        sequence: Number of the commit that has added it; a later one is larger.
        epoch: Highest epoch of its rows; None in a table from before epochs.
        position: Furthest place in the database's log.
        changed: Latest time of a change, in milliseconds since 1970.
        partitions: Lowest and highest partition of Kafka, both of which it has rows of; None if the manifest has no bounds.
        offset: Highest offset, whichever partition it belongs to.
    """

    path: str
    rows: int
    sequence: int
    epoch: int | None
    position: int | None
    changed: int | None
    partitions: tuple[int, int] | None
    offset: int | None


def data_files(table: Table, known: MutableMapping[str, tuple[DataFile, ...]] | None = None) -> list[DataFile]:
    """Return the data files of the current snapshot.

    Args:
        table: The archived table.
        known: Files of manifests that were read before, by address; a manifest never changes. Those of other snapshots are removed.
    """
    snapshot, found = table.current_snapshot(), dict[str, tuple[DataFile, ...]]()
    read = known if known is not None else {}
    for manifest in snapshot.manifests(table.io) if snapshot is not None else ():
        if manifest.content == ManifestContent.DATA:
            path = manifest.manifest_path
            found[path] = read.get(path) or tuple(_data_file(table, entry) for entry in manifest.fetch_manifest_entry(table.io))
    read.clear()
    read.update(found)
    return [file for files in found.values() for file in files]


def _data_file(table: Table, entry: ManifestEntry) -> DataFile:
    file, fields = entry.data_file, {field.name: field for field in table.schema().fields}

    def bound(bounds: Mapping[int, bytes] | None, column: str) -> int | None:
        field = fields.get(column)
        given = (bounds or {}).get(field.field_id) if field is not None else None
        return None if field is None or given is None else int(from_bytes(cast("PrimitiveType", field.field_type), given))

    lowest, highest = bound(file.lower_bounds, PARTITION), bound(file.upper_bounds, PARTITION)
    return DataFile(
        path=file.file_path,
        rows=int(file.record_count),
        sequence=int(entry.sequence_number or 0),
        epoch=bound(file.upper_bounds, "__epoch"),
        position=bound(file.upper_bounds, "__source_lsn"),
        changed=bound(file.upper_bounds, "__source_ts_ms"),
        partitions=None if lowest is None or highest is None else (lowest, highest),
        offset=bound(file.upper_bounds, OFFSET),
    )


def of_epoch(files: Iterable[DataFile], epoch: int) -> list[DataFile]:
    """Return the files with rows of an epoch or a later one."""
    return [file for file in files if (file.epoch or 1) >= epoch]


def newest_offsets(files: Iterable[DataFile], numbers: Iterable[int], read: Callable[[str], Mapping[int, int]]) -> dict[int, int]:
    """Return the highest archived offset of each partition of Kafka that has one.

    A file with rows of one partition tells it by its bounds. One with rows of several has to be read, and only the newest files with rows
    of the partition are looked at.

    Args:
        files: Files of one epoch, whose topic gives no offset twice.
        numbers: Numbers of the partitions.
        read: Function that returns the highest offset of each partition in a file.
    """
    ordered, found = sorted(files, key=lambda file: -file.sequence), dict[int, int]()
    for number in numbers:
        newest: list[int] = []
        for file in ordered:
            if len(newest) == _NEWEST:
                break
            offset = _offset(file, number, read)
            newest += [] if offset is None else [offset]
        if newest:
            found[number] = max(newest)
    return found


def _offset(file: DataFile, number: int, read: Callable[[str], Mapping[int, int]]) -> int | None:
    if file.partitions is not None and not file.partitions[0] <= number <= file.partitions[1]:
        return None
    if file.partitions == (number, number) and file.offset is not None:
        return file.offset
    return read(file.path).get(number)


def offsets_in(table: Table, path: str) -> dict[int, int]:
    """Return the highest offset of each partition of Kafka in a data file; two of its columns are read.

    Raises:
        OSError: If the store does not give the file.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - takes a third of the memory of a process that reads nothing but metadata

    with table.io.new_input(path).open() as stream:
        rows: Any = pq.read_table(stream, columns=[PARTITION, OFFSET], use_threads=False)
    highest = rows.group_by(PARTITION).aggregate([(OFFSET, "max")]).to_pylist()
    return {row[PARTITION]: row[f"{OFFSET}_max"] for row in highest if row[PARTITION] is not None}
