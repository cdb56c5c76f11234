"""Heap of a worker that runs sinks, by its parts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class SinkHeap:
    """Heap of a worker that runs a sink, in bytes.

    Attributes:
        files: Number of files open at once.
        file: One open file; 0 where files of several sizes are counted with their rows.
        rows: Buffered rows that ``file`` does not include.
        consumers: Fetched records that are not yet written, and the state of each task.
        source: The source connector on the same worker.
        framework: The worker itself.
        per_table: Cost of one more table.
        direct: Buffers outside the heap, for rows of the largest size.
    """

    files: int
    file: int
    rows: int
    consumers: int
    source: int
    framework: int
    per_table: int
    direct: int = 0

    @property
    def needed(self) -> int:
        """Minimum ``-Xmx``, in bytes."""
        return self.files * self.file + self.rows + self.consumers + self.source + self.framework

    def parts(self) -> dict[str, int]:
        """Return the parts by name, in bytes."""
        return {
            f"{self.files} open files": self.files * self.file + self.rows,
            "consumers": self.consumers,
            "source connector": self.source,
            "worker": self.framework,
        }


def together(heaps: Sequence[SinkHeap], source: int) -> SinkHeap:
    """Return the heap of a worker that runs several sinks and a source.

    Args:
        heaps: Heap of each sink alone.
        source: Heap of the source connector, in bytes.
    """
    first = heaps[0]
    return replace(
        first,
        files=sum(one.files for one in heaps),
        file=0,
        rows=sum(one.files * one.file + one.rows for one in heaps),
        consumers=sum(one.consumers for one in heaps),
        source=source,
        per_table=max(one.per_table for one in heaps),
        direct=sum(one.direct for one in heaps),
    )
