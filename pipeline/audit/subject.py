"""Subject of an audit: one captured table on all its hops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.audit.canonical import row_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.audit.canonical import Column


@dataclass(frozen=True, slots=True)
class Subject:
    """One audited table.

    Attributes:
        name: Schema and table by which people know it.
        archive: Name of the table in the archive.
        topic: Its topic.
        columns: Compared columns, the pipeline's own included.
        key: Names of the columns of its primary key.
        epoch: Number of the present epoch, which Kafka's rows belong to.
        database_name: Schema and table in the database; the same as ``name`` if empty.
        renamed: Columns that have another name in the database: name there to that in the archive.
    """

    name: str
    archive: str
    topic: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    epoch: int = 1
    database_name: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_database(self) -> str:
        """Schema and table in the database."""
        return self.database_name or self.name

    @property
    def row_columns(self) -> tuple[Column, ...]:
        """Columns that the database has too."""
        return tuple(column for column in self.columns if column.is_of_the_row)

    @property
    def quoted_key(self) -> tuple[str, ...]:
        """Columns of the primary key, for SQL."""
        return tuple(f'"{name}"' for name in self.key)

    @property
    def hash(self) -> str:
        """SQL of the hash of everything that Kafka and the archive have of a row."""
        return row_hash(self.columns)

    @property
    def row_hash(self) -> str:
        """SQL of the hash of the row itself."""
        return row_hash(self.row_columns)
