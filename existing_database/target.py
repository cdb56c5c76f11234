"""Which database is looked at, and what a pipeline expects of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
