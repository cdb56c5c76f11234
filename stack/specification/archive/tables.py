"""Properties of the Iceberg tables: bounds of the sink's open files, folders, and the breaks of the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs import seams
from stack.configs.topics import SINK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.archive import ArchiveSettings
    from stack.settings.names import Names
    from stack.settings.seams import Seam

# Limits of an open file on the worker's heap. After a pause the sink opens a file for each task, table and hour of its backlog; with
# Iceberg's own 128 MiB, 1 MiB and 2 MiB, one day of backlog fits no heap here (420 such files ended a worker of 512 MiB).
ROW_GROUP_BYTES = 4 * 1024 * 1024
PAGE_BYTES = 64 * 1024
# Rows between two looks at the size of page and row group. Iceberg's own 100 let a page of rows of 100 kB grow to 10 MB, of which each
# open file holds four copies; 1,600,000 rows of 200 bytes took the same time with both.
CHECK_EACH_ROW = "write.parquet.row-group-check-min-record-count"

# Compression of the pages. Snappy holds two copies of each open file's largest page in direct buffers, without an end before the file's:
# 25 tables with rows of 1 MB ended the tasks of a worker with 64 MiB of them, again after each restart. zstd holds none, is as fast on such
# a worker, and the files are 0.6 as large (docs/memory.md, "Wide rows").
CODEC = "zstd"


def properties(names: Names, prefix: str, settings: ArchiveSettings, breaks: Sequence[Seam] = (), sink: str = "") -> dict[str, str]:
    """Return the properties of an Iceberg table: data files next to ``metadata/``, so that keys start alike in both formats.

    Readers take the table's present rows from those of the epoch that it names; the first one is not named. Each known break before an
    epoch is described.

    Args:
        names: Names of the pipeline.
        prefix: Key prefix of the table's files in the bucket.
        settings: Settings of the archive.
        breaks: Known breaks of the history.
        sink: Name of the sink that the table has to itself or with others; empty for the sink of all other tables.
    """
    known = [seams.recorded(one.epoch, one.cause, one.system, one.position, one.last_change) for one in breaks]
    return {
        **({seams.EPOCH: str(names.epoch)} if names.epoch > 1 else {}),
        **{key: value for one in known for key, value in one.items()},
        **({SINK: sink} if sink else {}),
        "format-version": "2",
        "write.format.default": "parquet",
        "write.parquet.compression-codec": CODEC,
        "write.parquet.row-group-size-bytes": str(ROW_GROUP_BYTES),
        "write.parquet.page-size-bytes": str(PAGE_BYTES),
        "write.parquet.dict-size-bytes": str(PAGE_BYTES),
        CHECK_EACH_ROW: "1",
        "write.data.path": f"s3://{settings.bucket}/{prefix}",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "50",
        # age for the sink's own removal, once a quarter of an hour
        "history.expire.max-snapshot-age-ms": str(settings.snapshot_minutes * 60_000),
    }
