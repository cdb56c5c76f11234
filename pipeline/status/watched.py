"""Sides of a captured table that have to agree with its model, and what is said of each; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pipeline.status.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.epoch.facts import Unanswered
    from pipeline.existing_database.facts import Publication, SeenTable


class Side(StrEnum):
    """Side that is compared with the model of a table."""

    DATABASE = "database"
    PUBLICATION = "publication"
    IDENTITY = "replica identity"
    REGISTRY = "registry"
    ARCHIVE = "archive"

    @property
    def hop(self) -> str:
        """Hop of the pipeline that the side belongs to."""
        return {Side.REGISTRY: "Schemas", Side.ARCHIVE: "Archive"}.get(self, "Database")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One difference between the model of a table and another side.

    Attributes:
        table: Qualified name of the table.
        side: The other side.
        text: What differs, in a sentence without a full stop.
        next: Statement or command that comes next.
        level: ``LOST`` where rows or values are not archived because of it, else ``LATE``.
    """

    table: str
    side: Side
    text: str
    next: str
    level: Level = Level.LATE


@dataclass(frozen=True, slots=True)
class Compared:
    """Result of a comparison: the tables and sides that could be compared, and what differs.

    Attributes:
        found: What differs, by table and side; an empty list where both agree.
        unasked: Reason why the registry's schemas could not be compared.
    """

    found: Mapping[tuple[str, Side], tuple[Disagreement, ...]]
    unasked: Unanswered | None = None

    @property
    def all(self) -> tuple[Disagreement, ...]:
        """Everything that differs."""
        return tuple(one for found in self.found.values() for one in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What the database captures.

    Attributes:
        publication: The publication, or None without it.
        tables: The captured tables that exist, by qualified name in the database.
    """

    publication: Publication | None
    tables: Mapping[str, SeenTable]


@dataclass(frozen=True, slots=True)
class Subject:
    """Subject of the registry.

    Attributes:
        schema: Newest schema.
        level: Compatibility level.
    """

    schema: Mapping[str, Any]
    level: str
