"""Properties of the Iceberg tables: bounds of the sink's open files, folders, and the breaks of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs import seams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings.archive import ArchiveSettings
    from settings.names import Names
    from settings.seams import Seam
    from settings.tables import Table

# Limits of an open file on the worker's heap. After a pause the sink opens a file for each task, table and hour of its backlog; with
# Iceberg's own 128 MiB, 1 MiB and 2 MiB, one day of backlog fits no heap here (420 such files ended a worker of 512 MiB).
ROW_GROUP_BYTES = 4 * 1024 * 1024
PAGE_BYTES = 64 * 1024
# Rows between two looks at the size of page and row group. Iceberg's own 100 let a page of rows of 100 kB grow to 10 MB, which the codec
# holds twice in direct buffers: 4 such files ended tasks of a worker with 64 MiB of them, 12 take 2 MiB now; 1,600,000 rows of 200 bytes
# took the same time with both.
CHECK_EACH_ROW = "write.parquet.row-group-check-min-record-count"


def properties(names: Names, table: Table, settings: ArchiveSettings, breaks: Sequence[Seam] = ()) -> dict[str, str]:
    """Return the properties of an Iceberg table: data files next to ``metadata/``, so that keys start alike in both formats.

    Readers take the table's present rows from those of the epoch that it names; the first one is not named. Each known break before an
    epoch is described.
    """
    known = [seams.recorded(one.epoch, one.cause, one.system, one.position, one.last_change) for one in breaks]
    return {
        **({seams.EPOCH: str(names.epoch)} if names.epoch > 1 else {}),
        **{key: value for one in known for key, value in one.items()},
        "format-version": "2",
        "write.format.default": "parquet",
        "write.parquet.compression-codec": "snappy",
        "write.parquet.row-group-size-bytes": str(ROW_GROUP_BYTES),
        "write.parquet.page-size-bytes": str(PAGE_BYTES),
        "write.parquet.dict-size-bytes": str(PAGE_BYTES),
        CHECK_EACH_ROW: "1",
        "write.data.path": f"s3://{settings.bucket}/{names.object_prefix(table)}",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "50",
        # age for the sink's own removal, once a quarter of an hour
        "history.expire.max-snapshot-age-ms": str(settings.snapshot_minutes * 60_000),
    }
