"""The gate in front of topics: waits until a Kafka cluster is usable from this machine.

An answering listener is not enough: clients continue with the addresses that the brokers advertise, and a running broker
that advertises an unreachable address makes the first topic hang for minutes.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from providers.deadline import OverdueError, within
from providers.differences import differences
from providers.kafkaconnect.librdkafka import Security, UnansweredError, administrator, answered, client
from providers.kafkaconnect.readiness_rules import DEFAULT_TIMEOUT, gate_problems
from providers.operations import Adopting, Change, Plain, ProviderError, Quiet, Reporter, State, provider_wait
from providers.readable import one_line
from stack.configs.ports import HIGHEST_PORT

if TYPE_CHECKING:
    import threading

    from stack.problem import Problem

_ASK_SECONDS: Final = 5.0
_CONNECT_SECONDS: Final = 2.0
_LEAST_SECONDS: Final = 0.5
# Kafka's own ids are 22 characters of base64url; managed clusters have others, without blanks
_CLUSTER_ID: Final = re.compile(r"[!-~]{1,255}\Z")
# Addresses to listen at; to connect to them means this machine
_NOWHERE: Final = ("", "0.0.0.0", "::", "[::]")  # noqa: S104 - refused
_PLAIN: Final[dict[str, str]] = {}


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


# Reads the metadata from one bootstrap server, host:port; raises NotReadyError
Ask = Callable[[str, Security], Metadata]
# The same within so many seconds
AskWithin = Callable[[str, Security, float], Metadata]


def ask(server: str, security: Security, seconds: float = _ASK_SECONDS) -> Metadata:
    """Read the cluster's metadata from one listener.

    Raises:
        NotReadyError: If it does not answer in time.
        ProviderError: If the client refuses the settings, or a login is needed and the environment has none.
    """
    settings = {"bootstrap.servers": server, **client(security)}
    try:
        metadata = answered(settings, seconds, lambda: administrator(settings).list_topics(timeout=seconds))
    except UnansweredError as error:
        raise NotReadyError(str(error)) from None
    if metadata.controller_id < 0:
        message = f"{server} has no controller yet"
        raise NotReadyError(message)
    brokers = {broker.id: (str(broker.host or ""), int(broker.port)) for broker in metadata.brokers.values()}
    return Metadata(metadata.cluster_id or "", brokers)


def cluster_id(
    servers: list[str], brokers: int, asked: Ask = ask, security: Security = _PLAIN, left: Callable[[], float] = lambda: float("inf")
) -> str:
    """Return the id of the one cluster behind all ``servers``.

    Args:
        servers: The listeners.
        brokers: Number of brokers that each must know.
        asked: Function that reads the metadata from one listener.
        security: Protocol and mechanism of the listeners.
        left: Function that returns the seconds that are left.

    Raises:
        NotReadyError: With the first missing part.
    """
    ids: dict[str, str] = {}
    reached: set[tuple[str, int]] = set()
    for server in servers:
        metadata = asked(server, security)
        if len(metadata.brokers) < brokers:
            message = f"{server} knows {len(metadata.brokers)} of {brokers} brokers"
            raise NotReadyError(message)
        for number, address in sorted(metadata.brokers.items()):
            if address not in reached:
                _connect(server, number, address, left())
            reached.add(address)
        if not _CLUSTER_ID.match(metadata.cluster_id):
            message = f"{server} tells no id of its cluster"
            raise NotReadyError(message)
        ids[server] = metadata.cluster_id
    if len(set(ids.values())) != 1:
        message = "the listeners belong to different clusters: " + ", ".join(f"{server} to {name}" for server, name in ids.items())
        raise NotReadyError(message)
    return next(iter(ids.values()))


def _connect(server: str, number: int, address: tuple[str, int], left: float) -> None:
    host, port = address
    advertised = f"broker {number} advertises {one_line(host, 260)}:{port} to clients of {server}"
    if host in _NOWHERE or not 0 < port <= HIGHEST_PORT:
        message = f"{advertised}, which is no address to connect to; check advertised.listeners"
        raise NotReadyError(message)
    if left <= 0:
        message = f"{advertised}, and no time was left to connect there"
        raise NotReadyError(message)
    seconds = min(_CONNECT_SECONDS, left)
    try:
        within(seconds, lambda: socket.create_connection(address, timeout=seconds).close())
    except (OSError, ValueError, OverdueError) as error:
        why = getattr(error, "strerror", None) or one_line(str(error), 200) or "timed out"
        message = f"{advertised}, and nothing answers there ({why})"
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
    asked: AskWithin = ask
    poll: float = 1.0
    learnt: tuple[str, ...] = ("clusterId",)
    steady: tuple[str, ...] = ("clusterId",)

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Check addresses, numbers and the time limit, and that no topic gets fewer partitions than before; no network."""
        return gate_problems(inputs, previous)

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Return the changes: each repeats the check, none requires a replacement."""
        return list(differences({key: value for key, value in old.items() if key not in self.learnt}, new))

    def create(self, inputs: Plain) -> State:
        """Wait until the cluster is ready."""
        patience = provider_wait(float(inputs.get("timeoutSeconds", DEFAULT_TIMEOUT)), self.cancelled, self.reporter)

        def left() -> float:
            return patience.seconds - patience.spent

        def asked(server: str, security: Security) -> Metadata:
            return self.asked(server, security, min(_ASK_SECONDS, max(_LEAST_SECONDS, left())))

        while True:
            try:
                ready = cluster_id(inputs["bootstrapServers"], inputs["brokers"], asked, inputs.get("security") or _PLAIN, left)
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
