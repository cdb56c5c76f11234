"""Which database is looked at, and what a pipeline expects of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings.model import Settings
    from settings.names import Names
    from settings.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A database.

    Attributes:
        stack: Name of the stack that captures it.
        host: The server's name, which its certificate must have.
        port: Its TCP port.
        names: Database, role, publication, slot and heartbeat table.
        tables: The captured tables.
        wal_keep_mib: The most write-ahead log, in MiB, that the slot should hold back.
        catalog: Whether the Iceberg catalog lives in the same server.
    """

    stack: str
    host: str
    port: int
    names: Names
    tables: tuple[Table, ...]
    wal_keep_mib: int
    catalog: bool = False

    @classmethod
    def of(cls, stack: str, settings: Settings) -> Target | None:
        """The database that a stack captures, or None when the program makes it."""
        source = settings.source
        if source.external is None:
            return None
        return cls(
            stack=stack,
            host=source.external.host,
            port=source.external.port,
            names=settings.names,
            tables=source.tables,
            wal_keep_mib=source.slot_wal_keep_mib,
            catalog=settings.archive.has_catalog_database,
        )
