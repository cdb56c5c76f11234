"""Connection to an existing database: verified TLS, read-only, credentials from libpq's usual sources."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from pipeline.existing_database.target import Target

_SECONDS: Final = 8
_OPTIONS: Final = f"-c default_transaction_read_only=on -c statement_timeout={_SECONDS}s -c lock_timeout=2s -c search_path="

_AUTHORITY: Final = """\
export PGSSLROOTCERT=<CA certificate> # for RDS and Aurora the bundle that AWS publishes; 'system' for the system's own"""
_LOGIN: Final = """\
export PGUSER=<role>                  # by default the role that Debezium uses
export PGPASSFILE=<file>              # a line host:port:database:user:password, mode 0600; or PGPASSWORD"""
CREDENTIALS: Final = f"{_LOGIN}\n{_AUTHORITY}"


def parameters(target: Target, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the connection parameters, without the password, which libpq finds itself.

    Args:
        target: The database.
        environment: Variables of this shell.
    """
    return {
        "host": target.host,
        "port": str(target.port),
        "dbname": target.names.database,
        "user": environment.get("PGUSER") or target.names.debezium_role,
        "sslmode": "verify-full",
        "sslrootcert": environment.get("PGSSLROOTCERT") or "system",
        "connect_timeout": str(_SECONDS),
        "application_name": "data-ingestion doctor",
        "options": _OPTIONS,
    }


def connect(target: Target) -> psycopg.Connection[tuple[object, ...]] | Refused:
    """Log in, or return why the server refuses. The caller closes the connection."""
    import psycopg  # noqa: PLC0415 - takes a third of a second to load; needed for a database only

    try:
        connection = psycopg.connect(**parameters(target, os.environ), autocommit=True)  # type: ignore[arg-type] # libpq's own names
    except psycopg.OperationalError as error:
        return refusal(str(error), target)
    if connection.execute("SELECT current_setting('default_transaction_read_only')").fetchone() != ("on",):
        connection.close()
        return Refused(f"{_where(target)}: {_POOLED} (it drops the settings of a session)", ITSELF)
    return connection


ITSELF: Final = "set source.external.host and source.external.port to the server itself, not to a pooler or proxy in front of it"
_POOLED: Final = "a pooler such as PgBouncer answers, and logical replication needs the server itself"
_NAME: Final = "the name does not resolve"
_RESOLVE: Final = "correct source.external.host, or use the network that resolves it"
_REASONS: Final = (
    ("unsupported startup parameter", _POOLED, ITSELF),
    ("bouncer", _POOLED, ITSELF),
    ("no such database: ", _POOLED, ITSELF),
    ("server login has been failing", _POOLED, ITSELF),
    ("does not match host name", "the certificate is for another name", "set source.external.host to a name that the certificate has"),
    ("certificate verify failed", "no CA trusted here signed its certificate", _AUTHORITY),
    ("root certificate file", "the CA certificate cannot be read", _AUTHORITY),
    ("does not support SSL", "the server does not support TLS", "turn it on: ssl = on with a certificate (RDS and Aurora have it)"),
    ("no password supplied", "libpq has no password for it", _LOGIN),
    ("authentication failed", "the server refuses user or password", _LOGIN),
    ("no pg_hba.conf entry", "pg_hba.conf does not admit this client", "add a line: hostssl <database> <user> <address> scram-sha-256"),
    ("could not translate host name", _NAME, _RESOLVE),
    ("failed to resolve host", _NAME, _RESOLVE),
    ("Connection refused", "nothing listens there", "correct source.external.host and port; check firewall and security groups"),
    ("timeout", "nothing answers there", "check firewall, security groups and VPN: this machine must reach the server as the pods do"),
    ("too many clients", "the server has no free connection", "raise max_connections, or close idle connections"),
)


def refusal(message: str, target: Target) -> Refused:
    """Explain a failed login from libpq's message.

    Args:
        message: Message of libpq.
        target: The database.
    """
    where = _where(target)
    last = message.strip().splitlines()[-1].strip() if message.strip() else "no reason given"
    for part, why, cure in _REASONS:
        if part in message:
            return Refused(f"{where}: {why} ({last})", cure)
    if f'database "{target.names.database}" does not exist' in message:
        return Refused(f"{where}: the database does not exist ({last})", f"correct names.database in Pulumi.{target.stack}.yaml")
    return Refused(f"{where}: {last}", CREDENTIALS)


def _where(target: Target) -> str:
    return f"{target.host}:{target.port}/{target.names.database}"
