"""Kafka and a schema registry that were there before the pipeline: where they are and by which references they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from components.names import CONNECT_SECRETS
from components.reach import port_of
from components.section import Cidr, DnsLabel, HostPort, HttpUrl, Section

if TYPE_CHECKING:
    from components.names import Names

SECRET_MOUNT = f"{CONNECT_SECRETS}/kafka"
"""Where a worker finds its user name and password for Kafka."""


def refuse_mixed(kind: str, external: Section | None, needs: str) -> None:
    """Whatever was there before is described, and nothing else is.

    Args:
        kind: What the stack says it is.
        external: The description, or None.
        needs: What a description needs, and that the program's own has none; ends the message.

    Raises:
        ValueError: If one of the two contradicts the other.
    """
    if (kind == "external") != (external is not None):
        message = f"kind is {kind} and external is {'missing' if external is None else 'given'}; {needs}"
        raise ValueError(message)


class ExternalKafka(Section):
    """A Kafka cluster that somebody else runs, for example Amazon MSK or Confluent Cloud.

    Attributes:
        bootstrap_servers: Its servers, ``host:port`` each; pods and the program reach them by the same names.
        addresses: Address ranges its brokers answer from; worker and registry may connect to these and to no others.
        brokers: How many brokers it has; three copies of each partition need three.
        protocol: How clients speak to it; certificates must come from an authority that Java trusts by itself, as those of MSK do.
        mechanism: How clients log in, with ``SASL_SSL``.
        secret: Secret in the pipeline's namespace, made beforehand, with ``username`` and ``password``, with ``SASL_SSL``. The program
            itself takes them from the environment, ``KAFKA_SASL_USERNAME`` and ``KAFKA_SASL_PASSWORD``.
    """

    bootstrap_servers: tuple[HostPort, ...] = Field(min_length=1)
    addresses: tuple[Cidr, ...] = Field(min_length=1)
    brokers: int = Field(default=3, ge=3)
    protocol: Literal["SASL_SSL", "SSL", "PLAINTEXT"] = "SASL_SSL"
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    secret: DnsLabel | None = None

    @model_validator(mode="after")
    def _login_is_whole(self) -> ExternalKafka:
        if self.logs_in and self.secret is None:
            message = "secret is missing: SASL_SSL logs in; name the Secret with username and password, or set protocol to SSL"
            raise ValueError(message)
        if not self.logs_in and self.secret is not None:
            message = f"secret {self.secret!r} is not used with {self.protocol}; remove it, or set protocol to SASL_SSL"
            raise ValueError(message)
        return self

    @property
    def logs_in(self) -> bool:
        """Whether clients need a user name and a password."""
        return self.protocol == "SASL_SSL"

    @property
    def ports(self) -> tuple[int, ...]:
        """TCP ports of the servers, each once."""
        return tuple(sorted({int(server.rpartition(":")[2]) for server in self.bootstrap_servers}))

    @property
    def security(self) -> dict[str, str]:
        """What a Java client in the worker needs besides the servers; nothing secret, the login is read from mounted files."""
        if not self.logs_in:
            return {"security.protocol": self.protocol}
        module = "plain.PlainLoginModule" if self.mechanism == "PLAIN" else "scram.ScramLoginModule"
        fields = (f'{key}="${{dir:{SECRET_MOUNT}:{key}}}"' for key in ("username", "password"))
        return {
            "security.protocol": self.protocol,
            "sasl.mechanism": self.mechanism,
            "sasl.jaas.config": f"org.apache.kafka.common.security.{module} required {' '.join(fields)};",
        }


def bootstrap_servers(names: Names, external: ExternalKafka | None) -> str:
    """Kafka's servers as pods reach them, comma separated: those of the other cluster, or of the pipeline's own."""
    return ",".join(external.bootstrap_servers) if external else names.bootstrap_servers


def client_security(external: ExternalKafka | None, *prefixes: str) -> dict[str, str]:
    """What each client needs to speak to Kafka, its keys behind each prefix; nothing for the pipeline's own brokers."""
    return {f"{prefix}{key}": value for prefix in prefixes for key, value in external.security.items()} if external else {}


class ExternalRegistry(Section):
    """A schema registry with Confluent's API that somebody else runs.

    Attributes:
        url: Its API as pods reach it.
        addresses: Address ranges it answers from.
        secret: Secret in the pipeline's namespace, made beforehand, with ``username`` and ``password``.
    """

    url: HttpUrl
    addresses: tuple[Cidr, ...] = Field(min_length=1)
    secret: DnsLabel

    @property
    def port(self) -> int:
        """Its TCP port: the one in the URL, or that of its scheme."""
        return port_of(self.url)
