"""An existing database, and the requirements of a pipeline for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.judgement.effects import assumed_tables

if TYPE_CHECKING:
    from stack.settings.model import Settings
    from stack.settings.names import Names
    from stack.settings.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An existing database that a stack captures.

    Attributes:
        stack: Name of the stack.
        host: Host name of the server; its certificate must have this name.
        port: TCP port of the server.
        names: Names of database, role, publication, slot and heartbeat table.
        tables: The captured tables.
        wal_keep_mib: Limit of the write-ahead log that the slot should retain, in MiB.
        catalog: True if the Iceberg catalog is in the same server.
        assumed: Warning that the tables are the shop's, since the stack names none; or None.
    """

    stack: str
    host: str
    port: int
    names: Names
    tables: tuple[Table, ...]
    wal_keep_mib: int
    catalog: bool = False
    assumed: str | None = None

    @classmethod
    def of(cls, stack: str, settings: Settings) -> Target | None:
        """Return the existing database of a stack, or None when the program creates its own."""
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
            assumed=assumed_tables(settings, stack),
        )
