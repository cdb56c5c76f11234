"""Look at the archived tables: rows and last commit by the catalog, and how far each partition of Kafka is archived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.epoch.looking import committed, newest
from pipeline.reading.data_files import data_files, newest_offsets, of_epoch, offsets_in
from pipeline.reading.quarantine import with_quarantine
from pipeline.status.facts import Archived
from stack.configs import seams
from stack.configs.topics import sink_group
from stack.settings.sinks import by_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pyiceberg.table import Table as ArchivedTable
    from pyiceberg.types import NestedField

    from pipeline.description.stack import Description
    from pipeline.reading.data_files import DataFile
    from pipeline.reading.metadata import Metadata
    from stack.settings.seams import Seam
    from stack.settings.sinks import Sink
    from stack.settings.tables import Table

# Files that a first look may have to read of one table: two for each of its partitions, and some that lack a partition in between
_MOST_READ: Final = 256


class TooManyFilesError(Exception):
    """The positions of a table cannot be told from a few files; the message says why."""


def brokers_since(described: Iterable[Seam]) -> int:
    """Return the first epoch of the present brokers, whose offsets alone compare with those that Kafka has."""
    return max((seam.epoch for seam in described if seam.cause == "lost-brokers"), default=1)


class Tables:
    """Archived tables, of which a further look reads only what is new.

    Args:
        stack: A stack whose archive has a catalog.
        archive: Its archive.
    """

    def __init__(self, stack: Description, archive: Metadata) -> None:
        """Read nothing yet."""
        self._archive = archive
        self._sinks = by_table(stack.sinks)
        self._since = brokers_since(stack.seams)
        self._partitions = stack.partitions
        self._manifests: dict[str, dict[str, tuple[DataFile, ...]]] = {}
        self._offsets: dict[str, dict[str, Mapping[int, int]]] = {}

    def look(self, table: Table) -> Archived:
        """Return what the catalog says of a table.

        Raises:
            Exception: What catalog and store raise, each with its own.
        """
        # the newest rows of a partition may all be in quarantine
        positions: dict[int, int] = {}
        every: list[DataFile] = []
        both = with_quarantine(self._archive.table, table.archive_name)
        for loaded in both:
            name = loaded.name()[-1]
            files = data_files(loaded, self._manifests.setdefault(name, {}))
            found = self._positions(loaded, name, files)
            positions.update({number: max(offset, positions.get(number, offset)) for number, offset in found.items()})
            every += files
        sink = self._sinks[table.qualified]
        return archived(both[0], every, positions, self._control(both[0], sink), sink.control_topic)

    def _control(self, loaded: ArchivedTable, sink: Sink) -> dict[int, int]:
        return committed(loaded, sink.control_topic, sink_group(sink.connector))

    def _positions(self, loaded: ArchivedTable, name: str, files: list[DataFile]) -> dict[int, int]:
        known: Mapping[str, Mapping[int, int]] = self._offsets.get(name, {})
        seen: dict[str, Mapping[int, int]] = {}

        def read(path: str) -> Mapping[int, int]:
            if path not in seen:
                if len(seen) >= _MOST_READ:
                    message = f"how far {name} is archived does not follow from the newest {_MOST_READ} files"
                    raise TooManyFilesError(message)
                seen[path] = known[path] if path in known else offsets_in(loaded, path)
            return seen[path]

        found = newest_offsets(of_epoch(files, self._since), range(self._partitions), read)
        self._offsets[name] = seen
        return found


def archived(table: ArchivedTable, files: list[DataFile], offsets: Mapping[int, int], control: Mapping[int, int], topic: str) -> Archived:
    """Return the facts of a table.

    Args:
        table: Table of pyiceberg.
        files: Its data files.
        offsets: Highest archived offset of each partition.
        control: Position in the control topic.
        topic: Name of the control topic.
    """
    epoch, snapshot = int(table.properties.get(seams.EPOCH, "1")), table.current_snapshot()
    position, changed = newest(files, epoch)
    return Archived(
        epoch=epoch,
        rows=sum(file.rows for file in files),
        files=len(files),
        committed=None if snapshot is None else snapshot.timestamp_ms / 1000,
        position=position,
        changed=changed,
        control=control,
        topic=topic,
        offsets=offsets,
        columns={field.name: _type(field) for field in table.schema().fields},
    )


def _type(field: NestedField) -> str:
    """Return the type of a column as the model spells it."""
    return f"{'required ' if field.required else ''}{field.field_type}".replace(", ", ",")
