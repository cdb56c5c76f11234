"""Server files of PostgreSQL: parameters for logical replication within 512 MiB, and client authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.capacity.postgres import AUDIT_DECODING_MIB
from stack.settings.names import Names
from stack.specification.logs import USUAL_LOGS, postgresql
from stack.specification.source.trail_sql import EXTENSION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.logs import LogSettings
    from stack.settings.source import SourceSettings

# User and group of PostgreSQL in Debian-based images.
UID = 999

BIN = "/usr/lib/postgresql/17/bin"
VOLUME = "/var/lib/postgresql/data"
DATA = f"{VOLUME}/pgdata"
CONFIG = "/etc/postgresql"
SECRETS = "/etc/postgresql-secrets"
TLS = "/etc/postgresql-tls"
_DECODING_MIB = 32
_PRELOADED = "shared_preload_libraries"


def server_parameters(settings: SourceSettings, *, audited: bool = False, logs: LogSettings = USUAL_LOGS) -> dict[str, str]:
    """Return the parameters of ``postgresql.conf``.

    The assumed worst case is shared_buffers + wal_buffers 8 MB + two autovacuum workers 32 MB + logical decoding 32 MB
    + maintenance 48 MB + backends, about 400 MB of the default 512 MiB.

    Args:
        settings: Sizes of the server, and further parameters.
        audited: Whether an audit decodes the log too, now and then: its memory is taken from what Debezium's decoding has.
        logs: Level of its log, and whether there is a trail.
    """
    further = {key: value for key, value in settings.parameters.items() if key.lower() != _PRELOADED}
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
        "logical_decoding_work_mem": f"{_DECODING_MIB - (AUDIT_DECODING_MIB if audited else 0)}MB",
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
        **postgresql(logs),
        "timezone": "'UTC'",
        **_preloaded(settings.parameters, logs),
        **(trail_parameters() if logs.trail else {}),
        **further,
    }


def _preloaded(further: Mapping[str, str], logs: LogSettings) -> dict[str, str]:
    """Return the libraries that the server loads at its start: those of the stack, and the trail's."""
    given = next((value for key, value in further.items() if key.lower() == _PRELOADED), "")
    names = [name.strip() for name in given.strip().strip("'").split(",") if name.strip()]
    names += [EXTENSION] if logs.trail and EXTENSION not in names else []
    return {_PRELOADED: f"'{','.join(names)}'"} if names else {}


def trail_parameters() -> dict[str, str]:
    """Return the parameters of pgaudit: who changed roles, tables and rows, and read chosen tables, by name and without any statement.

    Statements hold values, as a literal or as a parameter. Roles of programs have less (``trail_sql``).
    """
    return {
        f"{EXTENSION}.log": "'ddl, role, write'",
        f"{EXTENSION}.log_statement": "off",
        f"{EXTENSION}.log_parameter": "off",
        f"{EXTENSION}.log_relation": "on",
        f"{EXTENSION}.log_catalog": "off",
        f"{EXTENSION}.role": f"'{Names.trail_role}'",
    }


def server_conf(parameters: Mapping[str, str]) -> str:
    """Return the text of ``postgresql.conf``."""
    return "".join(f"{key} = {value}\n" for key, value in parameters.items())


def hba_conf() -> str:
    """Return the text of ``pg_hba.conf``: the operating-system user inside the pod, and all other clients by TLS and SCRAM.

    Logical replication connects to a database, so the lines for databases match it, not those for ``replication``.
    """
    return (
        "local   all all                peer\nhostssl all all 0.0.0.0/0      scram-sha-256\nhostssl all all ::/0           scram-sha-256\n"
    )
