"""Client configuration for Kafka: brokers that the program creates, or an existing cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.names import CONNECT_SECRETS

if TYPE_CHECKING:
    from stack.settings.names import Names
    from stack.settings.streaming import ExistingKafka

# Mount folder of user name and password for an existing cluster.
SECRET_MOUNT = f"{CONNECT_SECRETS}/kafka"


def bootstrap_servers(names: Names, external: ExistingKafka | None) -> str:
    """Return the bootstrap servers as pods reach them, comma separated."""
    return ",".join(external.bootstrap_servers) if external else names.bootstrap_servers


def client_security(external: ExistingKafka | None, *prefixes: str) -> dict[str, str]:
    """Return security properties of Kafka clients, once per prefix; none for brokers that the program creates."""
    return {f"{prefix}{key}": value for prefix in prefixes for key, value in security(external).items()} if external else {}


def security(kafka: ExistingKafka) -> dict[str, str]:
    """Return security properties of a Java client in the worker; the login is a reference to mounted files, never a value."""
    if not kafka.logs_in:
        return {"security.protocol": kafka.protocol}
    module = "plain.PlainLoginModule" if kafka.mechanism == "PLAIN" else "scram.ScramLoginModule"
    fields = (f'{key}="${{dir:{SECRET_MOUNT}:{key}}}"' for key in ("username", "password"))
    return {
        "security.protocol": kafka.protocol,
        "sasl.mechanism": kafka.mechanism,
        "sasl.jaas.config": f"org.apache.kafka.common.security.{module} required {' '.join(fields)};",
    }
