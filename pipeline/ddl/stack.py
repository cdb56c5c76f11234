"""Facts of a stack that its files give, without a question to anything that runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.ddl.compatibility import Level
from stack.judgement.effects import assumed_tables
from stack.specification.streaming.registry import OPERATOR_USER

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.settings.names import Names
    from stack.settings.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack, as far as a change of its tables concerns it.

    Attributes:
        name: Its name.
        is_managed: Whether the program creates the database, and with it the tables.
        has_iceberg: Whether the archive has tables with columns, and not only files.
        level: Level of the schema registry.
        level_is_told: Whether the level is the program's own or the caller's; an existing registry's is assumed.
        registry_user: User that may change levels; an existing registry's is not known.
        names: Names of publication, slot, role and topics.
        tables: The captured tables.
        assumed: Warning that the tables are the shop's, since the stack names none; or None.
    """

    name: str
    is_managed: bool
    has_iceberg: bool
    level: Level
    level_is_told: bool
    registry_user: str
    names: Names
    tables: tuple[Table, ...]
    assumed: str | None = None

    @classmethod
    def of(cls, name: str, settings: Settings, level: Level | None = None) -> Stack:
        """Return the stack of some settings.

        Args:
            name: Name of the stack.
            settings: Its settings.
            level: Level of the registry; by default the one that the program sets.
        """
        return cls(
            name=name,
            is_managed=settings.source.is_managed,
            has_iceberg=settings.archive.format == "iceberg",
            level=level or Level.FULL,
            level_is_told=level is not None or settings.streaming.registry.is_managed,
            registry_user=OPERATOR_USER if settings.streaming.registry.is_managed else "USER",
            names=settings.names,
            tables=settings.source.tables,
            assumed=assumed_tables(settings, name),
        )
