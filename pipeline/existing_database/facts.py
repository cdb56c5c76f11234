"""Facts about an existing database, without judgement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A replication slot.

    Attributes:
        name: Name of the slot.
        plugin: Output plugin; empty for a physical slot.
        database: Database of the slot; empty for a physical slot.
        active: True while a client reads it.
        reader: Address and application of that client; empty without one.
        wal_status: ``reserved``, ``extended``, ``unreserved`` or ``lost``.
        retained: Write-ahead log that it retains, in bytes.
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
    """The database server.

    Attributes:
        version: Version, as the server reports it.
        version_number: The same as a number: 150004 is 15.4.
        tls: TLS protocol of this connection; empty without TLS.
        user: User of this connection.
        managed: True if AWS runs the server.
        standby: True for a replica.
        settings: Parameter to value, in base units (milliseconds, MiB) where the parameter has one.
        senders: Number of connections that read the log now, without the pipeline's own.
        slots: All replication slots.
        proxied: True if another program answers in the server's place: the session has another number there.
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
    proxied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The role that Debezium uses.

    Attributes:
        login: True if it may log in.
        replication: True if it may use a replication slot.
        superuser: True for a superuser.
        bypasses_row_security: True if row-level security does not apply to it.
        connects: True if it may connect to the database.
        schemas: Schemas on which it has USAGE.
        reads: Tables on which it has SELECT, by qualified name.
        writes_heartbeat: True if it may select, insert and update in the heartbeat table.
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
class SessionSetting:
    """A setting of every session of a role in a database.

    Attributes:
        name: Name of the parameter.
        value: Value, as it was set.
        scope: Where it was set: ``role and database``, ``role``, ``database``, ``all roles`` or ``server``.
    """

    name: str
    value: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The publication that Debezium reads.

    Attributes:
        all_tables: True if it is FOR ALL TABLES.
        kinds: Published kinds of change: insert, update, delete, truncate.
        via_root: True if it publishes changes of a partition under the name of the partitioned table.
        tables: Its tables, by qualified name.
        filtered: Tables of these with a row filter or a column list.
    """

    all_tables: bool
    kinds: frozenset[str]
    via_root: bool
    tables: frozenset[str]
    filtered: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenColumn:
    """A column in PostgreSQL's system catalogue.

    Attributes:
        name: Name, not quoted.
        type: Type in the server's spelling, for example ``character varying(255)``.
        nullable: True if NULL is allowed.
        default: SQL of the default; empty for none.
        generated: True if computed from other columns.
        identity: True for an identity column.
        base: Type whose values it holds, behind the domains, where that is another.
        kind: Kind of that type, or of an array's elements: empty for one of PostgreSQL itself, ``e`` for an enum and so on, or the name.
        finite: True if no value of an interval is infinite, by a constraint or since the server knows none.
        namesake: Another type with the name of the column's domain, whose values Debezium reads otherwise; empty without one.
        inner: Type within a type of the database's own whose text follows the session; empty without one.
    """

    name: str
    type: str
    nullable: bool
    default: str = ""
    generated: bool = False
    identity: bool = False
    base: str = ""
    kind: str = ""
    finite: bool = False
    namesake: str = ""
    inner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTable:
    """A table in PostgreSQL's system catalogue.

    Attributes:
        schema: Schema, not quoted.
        name: Name, not quoted.
        columns: All columns, in order.
        primary_key: Names of the key columns, in order; empty without a key.
        identity: Replica identity: ``f`` for FULL.
        identities: Partition to its replica identity.
        row_security: True if row-level security is enabled.
        unlogged: True if its changes are not written to the log.
        inherits: Schema and name of each table of which this is a child and not a partition.
        children: Schema and name of each table that is a child of this one and not a partition.
        unique: Names of the columns of a unique index that is as good as a key, in order: all NOT NULL, of whole columns and all rows.
    """

    schema: str
    name: str
    columns: tuple[SeenColumn, ...]
    primary_key: tuple[str, ...] = ()
    identity: str = "d"
    identities: tuple[tuple[str, str], ...] = ()
    row_security: bool = False
    unlogged: bool = False
    inherits: tuple[tuple[str, str], ...] = ()
    children: tuple[tuple[str, str], ...] = ()
    unique: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """Schema and name, joined by a dot."""
        return f"{self.schema}.{self.name}"

    @property
    def refuses_changes(self) -> bool:
        """True if the server refuses an UPDATE or a DELETE of the table while a publication contains it: nothing identifies the old row."""
        return self.identity == "n" or (self.identity == "d" and not self.primary_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """Role and database of an Iceberg catalog.

    Attributes:
        role: True if the role exists.
        login: True if the role may log in.
        owner: Role that owns the database; empty when the database does not exist.
        connects: True if the catalog's role may connect to the database.
    """

    role: bool
    login: bool
    owner: str
    connects: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """All facts about a database.

    Attributes:
        server: The server.
        role: The role that Debezium uses, or None when it does not exist.
        publication: The publication, or None when it does not exist.
        heartbeat: True if the heartbeat table exists.
        catalog: Role and database of the Iceberg catalog, or None for a catalog elsewhere.
        tables: Every ordinary and partitioned table outside the system's schemas, by qualified name; partitions are not listed.
        session_settings: Role of the pipeline to the settings of its sessions, as far as they can be seen.
    """

    server: Server
    role: Role | None
    publication: Publication | None
    heartbeat: bool
    catalog: Catalog | None
    tables: Mapping[str, SeenTable]
    session_settings: Mapping[str, tuple[SessionSetting, ...]]
