"""The gate in front of topics: waits until a Kafka cluster is usable from this machine.

An answering listener is not enough: clients continue with the addresses that the brokers advertise, and a running broker
that advertises an unreachable address makes the first topic hang for minutes.
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
from providers.operations import Adopting, Change, Plain, ProviderError, Quiet, Reporter, State, provider_wait
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
    """Metadata of the cluster from one listener.

    Attributes:
        cluster_id: Id of the cluster.
        brokers: Broker id to the advertised host and port.
    """

    cluster_id: str
    brokers: dict[int, tuple[str, int]]


class NotReadyError(Exception):
    """The cluster is not ready; the message names the missing part in one sentence."""


# ``protocol`` and ``mechanism`` of a listener; nothing for plain text
Security = Mapping[str, str]

# Reads the metadata from one bootstrap server, host:port; raises NotReadyError
Ask = Callable[[str, Security], Metadata]


def client(security: Security) -> dict[str, str]:
    """Return librdkafka's settings for a listener; user and password come from the environment, as in the Kafka provider.

    Raises:
        ProviderError: If a login is needed and the environment has none.
    """
    protocol = security.get("protocol", "PLAINTEXT")
    if not protocol.startswith("SASL"):
        return {"security.protocol": protocol.lower()}
    missing = [name for name in (USER_VARIABLE, PASSWORD_VARIABLE) if not os.environ.get(name)]
    if missing:
        message = f"{' and '.join(missing)} not in the environment: this Kafka cluster requires a login by {security.get('mechanism')}"
        raise ProviderError(message)
    return {
        "security.protocol": protocol.lower(),
        "sasl.mechanism": security["mechanism"],
        "sasl.username": os.environ[USER_VARIABLE],
        "sasl.password": os.environ[PASSWORD_VARIABLE],
    }


def ask(server: str, security: Security, seconds: float = _ASK_SECONDS) -> Metadata:
    """Read the cluster's metadata from one listener."""
    from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load, and a preview does not need it
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - slow to load, and a preview does not need it

    settings: dict[str, Any] = {"bootstrap.servers": server, "log_level": 0, "error_cb": lambda _: None, **client(security)}
    admin = AdminClient(settings, logger=_SILENT)
    try:
        metadata = admin.list_topics(timeout=seconds)
    except KafkaException as error:
        message = f"{server} does not answer ({error.args[0].name().strip('_').lower() if error.args else error})"
        raise NotReadyError(message) from None
    if metadata.controller_id < 0:
        message = f"{server} has no controller yet"
        raise NotReadyError(message)
    return Metadata(
        metadata.cluster_id or "",
        {broker.id: (str(broker.host), int(broker.port)) for broker in metadata.brokers.values()},
    )


def cluster_id(servers: list[str], brokers: int, asked: Ask = ask, security: Security = _PLAIN) -> str:
    """Return the id of the one cluster behind all ``servers``. Raises NotReadyError with the first missing part."""
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
    """The gate as a resource: created when the cluster is ready, checked again whenever an input changes.

    Attributes:
        cancelled: Set when the engine cancels.
        reporter: Receiver of progress reports.
        asked: Function that reads the metadata from one server.
        poll: Seconds between two attempts.
        learnt: Outputs that the cluster determines.
        steady: Outputs of these that no update changes.
    """

    cancelled: threading.Event
    reporter: Reporter = field(default_factory=Quiet)
    asked: Ask = ask
    poll: float = 1.0
    learnt: tuple[str, ...] = ("clusterId",)
    steady: tuple[str, ...] = ("clusterId",)

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Check addresses, numbers and the time limit, and that no topic gets fewer partitions than before; no network."""
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
        """Return the changes: each repeats the check, none requires a replacement."""
        return list(differences({key: value for key, value in old.items() if key not in self.learnt}, new))

    def create(self, inputs: Plain) -> State:
        """Wait until the cluster is ready."""
        patience = provider_wait(float(inputs.get("timeoutSeconds", _DEFAULT_TIMEOUT)), self.cancelled, self.reporter)
        while True:
            try:
                ready = cluster_id(inputs["bootstrapServers"], inputs["brokers"], self.asked, inputs.get("security") or _PLAIN)
            except NotReadyError as missing:
                if patience.over:
                    message = (
                        f"Kafka is not ready after {patience.seconds:.0f} s: {missing}; check the brokers' pods, and the ports that lead "
                        "from here to them"
                    )
                    raise ProviderError(message) from None
                patience.pause(self.poll, f"Kafka: {missing}")
            else:
                return State(f"ready:{ready}", {**inputs, "clusterId": ready})

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:  # noqa: ARG002 - the protocol's
        """Wait again until the cluster is ready."""
        return self.create(new)

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:  # noqa: ARG002 - the protocol's
        """Return the last result: a refresh must not hang on a cluster that is down."""
        return State(resource_id, {**(previous or {}), "clusterId": resource_id.removeprefix("ready:")})

    def delete(self, resource_id: str, old: Plain) -> None:
        """Do nothing: the gate exists only in the state."""


def _fewer_partitions(wanted: object, had: object) -> Iterator[Problem]:
    """Refuse fewer partitions: Kafka only adds some, so Pulumi's Kafka provider would delete the topic with its rows and create another."""
    if not isinstance(wanted, dict) or not isinstance(had, dict):
        return
    for topic, count in wanted.items():
        before = had.get(topic)
        if isinstance(count, int) and isinstance(before, int) and count < before:
            yield Problem(
                path=f'partitions["{topic}"]',
                rule=f"{count} partitions are fewer than the existing {before}, and Kafka removes none: the topic would be deleted with "
                "every row in it and created again",
                cure=f"keep {before}, or send the changes to topics with another name (names.topicPrefix)",
            )


def _is_address(server: object) -> bool:
    host, colon, port = server.rpartition(":") if isinstance(server, str) else ("", "", "")
    return bool(host and colon) and port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT
