"""What is seen of a database; nothing here knows what it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A replication slot.

    Attributes:
        name: Its name.
        plugin: What decodes for it; empty for a physical one.
        database: Its database; empty for a physical one.
        active: Whether somebody reads it now.
        reader: Address and application of that reader, or empty.
        wal_status: ``reserved``, ``extended``, ``unreserved`` or ``lost``.
        retained: Bytes of write-ahead log that it holds back.
    """

    name: str
    plugin: str
    database: str
    active: bool
    reader: str
    wal_status: str
    retained: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The server.

    Attributes:
        version: As it prints it.
        version_number: The same as a number: 150004 is 15.4.
        tls: Protocol of this connection, or empty.
        user: Whom we are logged in as.
        managed: Whether AWS runs it.
        standby: Whether it is a replica.
        settings: Parameter to value, in base units (milliseconds, MiB) where it has one.
        senders: Connections that read the log now, but for our own pipeline's.
        slots: All replication slots.
    """

    version: str
    version_number: int
    tls: str
    user: str
    managed: bool
    standby: bool
    settings: Mapping[str, str]
    senders: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The role that Debezium uses.

    Attributes:
        login: Whether it may log in.
        replication: Whether it may use a slot.
        superuser: Whether nothing is forbidden to it.
        bypasses_row_security: Whether it sees all rows everywhere.
        connects: Whether it may connect to the database.
        schemas: Schemas it may look into.
        reads: Tables it may read.
        writes_heartbeat: Whether it may read, insert and update in the heartbeat table.
    """

    login: bool
    replication: bool
    superuser: bool
    bypasses_row_security: bool
    connects: bool
    schemas: frozenset[str]
    reads: frozenset[str]
    writes_heartbeat: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The publication.

    Attributes:
        all_tables: Whether it is FOR ALL TABLES.
        kinds: Of insert, update, delete and truncate, those that it tells.
        via_root: Whether changes of a partition go by the name of the table it is part of.
        tables: Tables in it.
        filtered: Those of them with a row filter or a column list.
    """

    all_tables: bool
    kinds: frozenset[str]
    via_root: bool
    tables: frozenset[str]
    filtered: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenColumn:
    """A column as the catalogue has it.

    Attributes:
        name: Its name, not quoted.
        type: Its type as the server writes it, for example ``character varying(255)``.
        nullable: Whether NULL is allowed.
        default: SQL of its default; empty for none.
        generated: Whether it is computed from others.
        identity: Whether the server numbers it.
    """

    name: str
    type: str
    nullable: bool
    default: str = ""
    generated: bool = False
    identity: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTable:
    """A table as the catalogue has it.

    Attributes:
        schema: Its schema, not quoted.
        name: Its name, not quoted.
        columns: Its columns in their order.
        primary_key: Names of the key columns in their order; empty without a key.
        identity: Replica identity: ``f`` for FULL.
        identities: That of each of its partitions, by name.
        row_security: Whether policies hide rows from some.
        unlogged: Whether its changes are not written to the log.
        inherits: Whether it is a child of another table without being its partition.
    """

    schema: str
    name: str
    columns: tuple[SeenColumn, ...]
    primary_key: tuple[str, ...] = ()
    identity: str = "d"
    identities: tuple[tuple[str, str], ...] = ()
    row_security: bool = False
    unlogged: bool = False
    inherits: bool = False

    @property
    def qualified(self) -> str:
        """Schema and name."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Role and database of an Iceberg catalog.

    Attributes:
        role: Whether the role is there.
        login: Whether it may log in.
        owner: The role that owns the database; empty when there is no such database.
        connects: Whether the catalog's role may connect to it.
    """

    role: bool
    login: bool
    owner: str
    connects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Everything that was seen.

    Attributes:
        server: The server.
        role: The role, or None when there is none.
        publication: The publication, or None when there is none.
        heartbeat: Whether its table is there.
        catalog: Role and database of the Iceberg catalog, or None when it lives elsewhere.
        tables: Every ordinary and partitioned table outside the system's schemas, by qualified name; partitions are not listed.
    """

    server: Server
    role: Role | None
    publication: Publication | None
    heartbeat: bool
    catalog: Catalog | None
    tables: Mapping[str, SeenTable]
