"""Settings of the captured database and of Debezium."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from stack.problem import Problem
from stack.settings.addresses import HostName, ServerRange
from stack.settings.column_rules import ColumnRules
from stack.settings.section import Section
from stack.settings.shop import SAMPLE_ROWS, TABLES
from stack.settings.tables import Table
from stack.settings.types import DnsLabel, FileKeys, Keys, Mebibytes, Millicores, Port, Switch

if TYPE_CHECKING:
    from collections.abc import Iterator


# Each table is a topic with several partitions, and a writer in every sink task.
MOST_TABLES = 2000

LEAST_CONNECTIONS = 15


class ExistingDatabase(Section):
    """Existing PostgreSQL server, for example RDS or Aurora. The program changes nothing in it."""

    host: HostName
    """Host name as in the server's certificate; pods and the program connect to this name."""
    port: Port = 5432
    """TCP port."""
    addresses: tuple[ServerRange, ...] = Field(min_length=1)
    """Address ranges of the server; the worker may connect to these and to no others."""
    secret: DnsLabel
    """Existing Secret in the pipeline's namespace with ``username``, ``password`` and ``ca.crt`` of the role ``names.debeziumRole``."""
    catalog_secret: DnsLabel | None = None
    """Existing Secret with the same keys for the role of a JDBC catalog in this server; only with ``archive.catalog: jdbc``."""


class DebeziumSettings(Section):
    """Settings of the Debezium connector."""

    snapshot_mode: Literal["initial", "no_data"] = "initial"
    """``initial`` reads the rows that exist at the first start; ``no_data`` omits them."""
    poll_interval_ms: int = Field(default=50, ge=1, le=10_000, strict=True)
    """Pause of Debezium while it waits for changes, in ms; with its default of 500, half of the changes wait half a second."""
    heartbeat_interval_ms: int = Field(default=10_000, ge=1_000, le=600_000, strict=True)
    """Interval of writes to the heartbeat table, in ms; they move the replication slot of a quiet database."""
    max_queue_mib: Mebibytes = 16
    """Upper bound of the changes that wait on the worker's heap between reading and writing, and of the rows that a snapshot reads at once.

    Both count: the source needs twice as much. Less makes the first snapshot of a distant database slower."""
    extra: Keys = Field(default={})
    """Further keys of the connector, in its own spelling; checked like all others."""


def _or_a_path(schema: dict[str, Any]) -> None:
    """Let the JSON schema of a list take the path of a file with the list, too."""
    described: dict[str, Any] = {key: schema.pop(key) for key in ("title", "description") if key in schema}
    listed = dict(schema)
    schema.clear()
    schema.update({**described, "anyOf": [{"type": "string", "description": "Path of a YAML file"}, listed]})


class SourceSettings(Section):
    """The captured database."""

    kind: Literal["managed", "external"] = "managed"
    """``managed``: the program creates the server, sized as below. ``external``: use an existing server."""
    external: ExistingDatabase | None = None
    """Address and Secrets of the existing server."""
    tables: tuple[Table, ...] = Field(default=TABLES, min_length=1, max_length=MOST_TABLES, json_schema_extra=_or_a_path)
    """Captured tables: the path of a YAML file, as ``make tables`` writes it, or the list itself; by default the shop of
    ``stack/settings/shop.py``."""
    memory_mib: Mebibytes = 512
    """Memory limit of the pod."""
    cpu_millicores: Millicores = 100
    """Processor request of the pod."""
    storage_mib: Mebibytes = 5120
    """Size of the volume."""
    storage_class: DnsLabel | None = None
    """Existing storage class; by default the program creates one that keeps the volumes of deleted claims."""
    shared_buffers_mib: Mebibytes = 128
    """Page cache of the server; counts towards the pod's memory as it is touched."""
    max_connections: int = Field(default=30, ge=LEAST_CONNECTIONS, le=500, strict=True)
    """Maximum number of connections, replication included."""
    slot_wal_keep_mib: Mebibytes = 1536
    """Maximum WAL that a stopped connector holds back before PostgreSQL invalidates its slot; without a cap it fills the volume."""
    sample_data: Switch | None = None
    """If true, a new database starts with a few rows of the shop; by default true if ``tables`` contains the shop's tables."""
    parameters: FileKeys = Field(default={})
    """Further parameters of ``postgresql.conf``, quoted as in the file; checked like all others."""
    debezium: DebeziumSettings = DebeziumSettings()
    """Settings of the Debezium connector."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield contradictions of kind and description, and tables that are one in the archive or outside the program's schema."""
        if self.kind == "external" and self.external is None:
            yield Problem(rule="external is missing: kind is external", cure="set host, addresses and secret of the database")
        if self.kind == "managed" and self.external is not None:
            yield Problem(rule="external is set and kind is managed", cure="set kind to external, or remove external")
        for name, number in Counter(table.archive_name for table in self.tables).items():
            if number > 1:
                rule = f"tables: two of them have the name {name} in the archive"
                yield Problem(rule=rule, cure="remove or rename one")
        foreign = [table.qualified for table in self.tables if not table.is_as_created]
        if self.kind == "managed" and foreign:
            yield Problem(
                rule=f"tables: {', '.join(foreign)} have databaseName, leftOut or key, which describe tables of an existing database",
                cure="remove these keys, or set kind to external",
            )
        elsewhere = [table.qualified for table in self.tables if table.database_schema != "public"]
        if self.kind == "managed" and elsewhere:
            yield Problem(
                rule=f"tables: {', '.join(elsewhere)} are outside public, the only schema where the program creates tables",
                cure="move them there",
            )
        own = [f"{table.name}.{column.name}" for table in self.tables for column in table.columns if column.archived_as]
        if self.kind == "managed" and own:
            rule = f"tables: {', '.join(own)} have a type that only an existing database knows, and the program creates no types"
            yield Problem(rule=rule, cure="take another type, and remove archivedAs")

    @property
    def assumes_shop(self) -> bool:
        """True if an existing database is taken to have the shop's tables, since the stack names none."""
        return not self.is_managed and "tables" not in self.model_fields_set

    @property
    def has_shop_tables(self) -> bool:
        """True if all tables of the shop are captured, so that its sample rows fit; rules of quality change nothing in a database."""
        captured = [_unjudged(table) for table in self.tables]
        return all(table in captured for table in TABLES)

    @property
    def sample_rows(self) -> str:
        """SQL of the sample rows of a new database, or an empty string."""
        sample = self.has_shop_tables if self.sample_data is None else self.sample_data
        return SAMPLE_ROWS if sample and self.has_shop_tables else ""

    @property
    def is_managed(self) -> bool:
        """True if the program creates the server."""
        return self.kind == "managed"


def _unjudged(table: Table) -> Table:
    return table.model_copy(update={"columns": tuple(column.model_copy(update={"quality": ColumnRules()}) for column in table.columns)})
