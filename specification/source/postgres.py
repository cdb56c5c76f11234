"""Server files of PostgreSQL: parameters for logical replication within 512 MiB, and client authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.source import SourceSettings

# User and group of PostgreSQL in Debian-based images.
UID = 999

BIN = "/usr/lib/postgresql/17/bin"
VOLUME = "/var/lib/postgresql/data"
DATA = f"{VOLUME}/pgdata"
CONFIG = "/etc/postgresql"
SECRETS = "/etc/postgresql-secrets"
TLS = "/etc/postgresql-tls"


def server_parameters(settings: SourceSettings) -> dict[str, str]:
    """Return the parameters of ``postgresql.conf``.

    The assumed worst case is shared_buffers + wal_buffers 8 MB + two autovacuum workers 32 MB + logical decoding 32 MB
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
