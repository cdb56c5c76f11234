"""PostgreSQL's server files: what fits 512Mi, what logical replication needs, who may connect."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from components.ecommerce import TABLES
from components.section import DnsLabel, Keys, Mebibytes, Millicores, Section
from components.source.external import ExternalDatabase
from components.tables import Table

UID = 999
"""User and group of PostgreSQL in Debian-based images."""

BIN = "/usr/lib/postgresql/17/bin"
VOLUME = "/var/lib/postgresql/data"
DATA = f"{VOLUME}/pgdata"
CONFIG = "/etc/postgresql"
SECRETS = "/etc/postgresql-secrets"
TLS = "/etc/postgresql-tls"


class DebeziumSettings(Section):
    """How Debezium reads the database.

    Attributes:
        snapshot_mode: Whether the rows that exist at the first start are read (``initial``) or left out (``no_data``).
        poll_interval_ms: How long Debezium waits for changes; at 500, its own default, half the changes take half a second.
        heartbeat_interval_ms: How often the heartbeat table is written, which keeps the slot of a quiet database moving.
        max_queue_mib: The most that waits in the worker's heap between reading and writing.
        extra: Further keys of the connector, in its own spelling; checked like all others.
    """

    snapshot_mode: Literal["initial", "no_data"] = "initial"
    poll_interval_ms: int = Field(default=50, ge=1, le=10_000)
    heartbeat_interval_ms: int = Field(default=10_000, ge=1_000, le=600_000)
    max_queue_mib: Mebibytes = 32
    extra: Keys = Field(default={})


class SourceSettings(Section):
    """The captured database.

    Attributes:
        kind: ``managed``: the program makes the server, and the sizes below are its; ``external``: it was there before.
        external: Where that server is, and by which references it is used.
        tables: The captured tables: path of a YAML file, as ``make tables`` writes it, or the list itself; by default the shop of
            ``components/ecommerce.py``.
        memory_mib: Memory limit of the pod.
        cpu_millicores: Processor request.
        storage_mib: Volume size.
        storage_class: Storage class that is there already; by default one of the pipeline's own, which keeps deleted volumes.
        shared_buffers_mib: Page cache of the server; charged to the pod as it is touched.
        max_connections: Connections, replication included.
        slot_wal_keep_mib: The most WAL that a stopped connector may hold back before its slot is given up; uncapped, it fills the volume.
        sample_data: Whether a new database starts with a few rows.
        parameters: Further parameters of ``postgresql.conf``, with quotes where the file wants them; checked like all others.
        debezium: How changes are read.
    """

    kind: Literal["managed", "external"] = "managed"
    external: ExternalDatabase | None = None
    tables: tuple[Table, ...] = Field(default=TABLES, min_length=1)
    memory_mib: Mebibytes = 512
    cpu_millicores: Millicores = 100
    storage_mib: Mebibytes = 5120
    storage_class: DnsLabel | None = None
    shared_buffers_mib: Mebibytes = 128
    max_connections: int = Field(default=30, ge=15, le=500)
    slot_wal_keep_mib: Mebibytes = 1536
    sample_data: bool = True
    parameters: Keys = Field(default={})
    debezium: DebeziumSettings = DebeziumSettings()

    @model_validator(mode="after")
    def _consistent(self) -> SourceSettings:
        problems = [*self._kind_problems(), *self._table_problems()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _kind_problems(self) -> list[str]:
        if self.kind == "external" and self.external is None:
            return ["external is missing: kind is external; give host, addresses and secret of the database"]
        if self.kind == "managed" and self.external is not None:
            return ["external is given and kind is managed; set kind to external, or remove it"]
        return []

    def _table_problems(self) -> list[str]:
        names = [table.archive_name for table in self.tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        problems = [f"tables: {name} stands for two of them in the archive; leave one out, or rename it" for name in twice]
        elsewhere = [table.qualified for table in self.tables if table.database_schema != "public"]
        if self.kind == "managed" and elsewhere:
            problems.append(f"tables: {', '.join(elsewhere)} are not in schema public, where the program makes its tables; move them there")
        return problems

    @property
    def is_managed(self) -> bool:
        """Whether the program makes the server."""
        return self.kind == "managed"


def server_parameters(settings: SourceSettings) -> dict[str, str]:
    """The parameters of ``postgresql.conf``.

    The worst case counted on is shared_buffers + wal_buffers 8 MB + two autovacuum workers 32 MB + logical decoding 32 MB
    + maintenance 48 MB + backends, about 400 MB of the default 512 MiB.
    """
    return {
        "listen_addresses": "'*'",
        "port": "5432",
        "unix_socket_directories": "'/var/run/postgresql'",
        "hba_file": f"'{CONFIG}/pg_hba.conf'",
        "max_connections": str(settings.max_connections),
        "shared_buffers": f"{settings.shared_buffers_mib}MB",
        "effective_cache_size": f"{settings.memory_mib // 2}MB",
        "work_mem": "4MB",
        "maintenance_work_mem": "32MB",
        "autovacuum_max_workers": "2",
        "autovacuum_work_mem": "32MB",
        "logical_decoding_work_mem": "32MB",
        "wal_buffers": "8MB",
        "max_parallel_workers_per_gather": "0",  # /dev/shm of a pod is 64 MB: a parallel query could fail there
        "wal_level": "logical",
        "max_replication_slots": "4",
        "max_wal_senders": "6",
        "max_slot_wal_keep_size": f"{settings.slot_wal_keep_mib}MB",
        "max_wal_size": "1GB",
        "wal_compression": "on",
        "wal_sender_timeout": "60s",
        "checkpoint_completion_target": "0.9",
        "password_encryption": "scram-sha-256",
        "ssl": "on",
        "ssl_cert_file": f"'{TLS}/tls.crt'",
        "ssl_key_file": f"'{TLS}/tls.key'",
        "ssl_min_protocol_version": "'TLSv1.2'",
        "log_destination": "'stderr'",
        "logging_collector": "off",
        "log_checkpoints": "off",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
        **settings.parameters,
    }


def server_conf(settings: SourceSettings) -> str:
    """The text of ``postgresql.conf``."""
    return "".join(f"{key} = {value}\n" for key, value in server_parameters(settings).items())


def hba_conf() -> str:
    """The text of ``pg_hba.conf``: the operating-system user inside the pod, and everybody else by TLS and SCRAM.

    Logical replication connects to a database and is matched by the ordinary line, not by ``replication``.
    """
    return (
        "local   all all                peer\nhostssl all all 0.0.0.0/0      scram-sha-256\nhostssl all all ::/0           scram-sha-256\n"
    )
