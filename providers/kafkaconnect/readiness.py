"""The gate in front of topics: whether a Kafka cluster can be used from where this runs.

A listener that answers is not enough: clients are sent on to the addresses the brokers advertise, and a broker that is up
but advertises an address that leads nowhere makes the first topic hang for minutes.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from problem import Problem
from providers.differences import differences
from providers.operations import Adopting, Change, Plain, ProviderError, Quiet, Reporter, State
from providers.patience import Patience
from unknown import UNKNOWN

if TYPE_CHECKING:
    import threading

_ASK_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 2.0
_DEFAULT_TIMEOUT: Final = 300
_HIGHEST_PORT: Final = 65535
_PLAIN: Final[dict[str, str]] = {}
USER_VARIABLE: Final = "KAFKA_SASL_USERNAME"
PASSWORD_VARIABLE: Final = "KAFKA_SASL_PASSWORD"  # noqa: S105 - a variable's name
_SILENT = logging.getLogger("providers.kafkaconnect.librdkafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """What one listener says about the cluster: its id, and each broker's advertised address."""

    cluster_id: str
    brokers: dict[int, tuple[str, int]]


class NotReadyError(Exception):
    """One sentence on what is missing."""


# ``protocol`` and ``mechanism`` of a listener; nothing for plain text
Security = Mapping[str, str]

# Asks one bootstrap server, host:port; raises NotReadyError
Ask = Callable[[str, Security], Metadata]


def client(security: Security) -> dict[str, str]:
    """What librdkafka needs for a listener; user and password come from the environment, as those of the Kafka provider do.

    Raises:
        ProviderError: If a login is needed and the environment has none.
    """
    protocol = security.get("protocol", "PLAINTEXT")
    if not protocol.startswith("SASL"):
        return {"security.protocol": protocol.lower()}
    missing = [name for name in (USER_VARIABLE, PASSWORD_VARIABLE) if not os.environ.get(name)]
    if missing:
        message = f"{' and '.join(missing)} not in the environment: this Kafka cluster wants a login by {security.get('mechanism')}"
        raise ProviderError(message)
    return {
        "security.protocol": protocol.lower(),
        "sasl.mechanism": security["mechanism"],
        "sasl.username": os.environ[USER_VARIABLE],
        "sasl.password": os.environ[PASSWORD_VARIABLE],
    }


def ask(server: str, security: Security, seconds: float = _ASK_SECONDS) -> Metadata:
    """Ask one listener for the cluster's metadata."""
    from confluent_kafka import KafkaException  # noqa: PLC0415 - a preview need not pay for it
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - a preview need not pay for it

    settings: dict[str, Any] = {"bootstrap.servers": server, "log_level": 0, "error_cb": lambda _: None, **client(security)}
    admin = AdminClient(settings, logger=_SILENT)
    try:
        metadata = admin.list_topics(timeout=seconds)
    except KafkaException as error:
        message = f"{server} does not answer ({error.args[0].name().strip('_').lower() if error.args else error})"
        raise NotReadyError(message) from None
    if metadata.controller_id < 0:
        message = f"{server} knows no controller yet"
        raise NotReadyError(message)
    return Metadata(
        metadata.cluster_id or "",
        {broker.id: (str(broker.host), int(broker.port)) for broker in metadata.brokers.values()},
    )


def cluster_id(servers: list[str], brokers: int, asked: Ask = ask, security: Security = _PLAIN) -> str:
    """The id of the one cluster behind all ``servers``; raises NotReadyError naming the first thing that is missing."""
    ids: dict[str, str] = {}
    for server in servers:
        metadata = asked(server, security)
        if len(metadata.brokers) < brokers:
            message = f"{server} knows {len(metadata.brokers)} of {brokers} brokers"
            raise NotReadyError(message)
        for number, (host, port) in sorted(metadata.brokers.items()):
            _connect(server, number, host, port)
        ids[server] = metadata.cluster_id
    if len(set(ids.values())) != 1:
        message = "the listeners belong to different clusters: " + ", ".join(f"{server} to {name}" for server, name in ids.items())
        raise NotReadyError(message)
    return next(iter(ids.values()))


def _connect(server: str, number: int, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        why = error.strerror or error
        message = f"broker {number} advertises {host}:{port} to clients of {server}, and nothing answers there ({why})"
        raise NotReadyError(message) from None


@dataclass(frozen=True, slots=True)
class ClusterReadyOperations(Adopting):
    """The gate as a resource: made when the cluster is ready, made sure again whenever an input changes."""

    cancelled: threading.Event
    reporter: Reporter = field(default_factory=Quiet)
    asked: Ask = ask
    poll: float = 1.0
    learnt: tuple[str, ...] = ("clusterId",)
    steady: tuple[str, ...] = ("clusterId",)

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Addresses, numbers and the time limit, and that no topic gets fewer partitions than it had; no network."""
        problems = []
        servers = inputs.get("bootstrapServers")
        if servers is not UNKNOWN:
            if not isinstance(servers, list) or not servers:
                problems.append(Problem(path="bootstrapServers", rule="needs at least one host:port"))
            else:
                problems += [
                    Problem(path=f"bootstrapServers[{index}]", rule=f"{server!r} is not host:port")
                    for index, server in enumerate(servers)
                    if server is not UNKNOWN and not _is_address(server)
                ]
        for key, least in (("brokers", 1), ("timeoutSeconds", 1)):
            value = inputs.get(key, _DEFAULT_TIMEOUT if key == "timeoutSeconds" else None)
            if value is not UNKNOWN and (not isinstance(value, int) or isinstance(value, bool) or value < least):
                problems.append(Problem(path=key, rule=f"{value!r} is not a whole number from {least}"))
        if inputs.get("rollout") is not UNKNOWN and not isinstance(inputs.get("rollout"), str):
            problems.append(Problem(path="rollout", rule="must be a string that changes with every rollout of the brokers"))
        return [*problems, *_fewer_partitions(inputs.get("partitions"), (previous or {}).get("partitions"))]

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Any change asks again; none replaces."""
        return list(differences({key: value for key, value in old.items() if key not in self.learnt}, new))

    def create(self, inputs: Plain) -> State:
        """Wait until the cluster is ready."""
        patience = Patience(float(inputs.get("timeoutSeconds", _DEFAULT_TIMEOUT)), self.cancelled, self.reporter)
        while True:
            try:
                found = cluster_id(inputs["bootstrapServers"], inputs["brokers"], self.asked, inputs.get("security") or _PLAIN)
            except NotReadyError as missing:
                if patience.over:
                    message = (
                        f"Kafka is not ready after {patience.seconds:.0f} s: {missing}; look at the brokers' pods, and at the ports that "
                        "lead from here to them"
                    )
                    raise ProviderError(message) from None
                patience.pause(self.poll, f"Kafka: {missing}")
            else:
                return State(f"ready:{found}", {**inputs, "clusterId": found})

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:  # noqa: ARG002 - the protocol's
        """Make sure again."""
        return self.create(new)

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:  # noqa: ARG002 - the protocol's
        """What was found last: a refresh must not hang on a cluster that is down."""
        return State(resource_id, {**(previous or {}), "clusterId": resource_id.removeprefix("ready:")})

    def delete(self, resource_id: str, old: Plain) -> None:
        """Nothing to remove."""


def _fewer_partitions(wanted: object, had: object) -> Iterator[Problem]:
    """Kafka only adds partitions: for fewer, Pulumi's Kafka provider deletes the topic with its rows and makes another."""
    if not isinstance(wanted, dict) or not isinstance(had, dict):
        return
    for topic, count in wanted.items():
        before = had.get(topic)
        if isinstance(count, int) and isinstance(before, int) and count < before:
            yield Problem(
                path=f'partitions["{topic}"]',
                rule=f"{count} partitions are fewer than the {before} it has, and Kafka takes none away: the topic would be deleted with "
                "every row in it and created again",
                cure=f"keep {before}, or let the changes go to topics of another name (names.topicPrefix)",
            )


def _is_address(server: object) -> bool:
    host, colon, port = server.rpartition(":") if isinstance(server, str) else ("", "", "")
    return bool(host and colon) and port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT
