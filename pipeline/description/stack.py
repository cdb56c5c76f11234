"""Description of a running stack: its tables, where its parts are, how they are logged in to, and what is expected of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stack.settings.names import Names
    from stack.settings.seams import Seam
    from stack.settings.sinks import Sink
    from stack.settings.tables import Table


class UnansweredError(Exception):
    """A part of the stack did not answer, so that nothing can be said of it; the message names the part and the cure."""


@dataclass(frozen=True, slots=True)
class Login:
    """Login to the captured database.

    Attributes:
        parameters: libpq's parameters: host, port, user, password and the rest.
    """

    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WorkerLogin:
    """Login to the REST interface of the Connect workers.

    Attributes:
        url: Address.
        user: User.
        password: Password.
    """

    url: str
    user: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A running stack with its logins, which are asked for when a part is read.

    Attributes:
        name: Name of the stack.
        names: Names of the pipeline, in its epoch.
        seams: Breaks of its history.
        tables: Captured tables, parents before children.
        sinks: Sinks of the archive, with their tables.
        format: Format of the archive: ``iceberg`` or ``parquet``.
        bucket: Bucket of the archive.
        tasks: Tasks of each sink.
        interval_s: Seconds between two commits of the sink.
        heartbeat_s: Seconds between two heartbeats of the source.
        managed: Whether the program creates the database.
        level: Compatibility level that the program sets in its registry; None for an existing one.
        partitions: Partitions of each change topic.
        brokers: Brokers that the stack declares.
        outputs: ``reader`` and ``catalog``, as ``reading.archive.Archive`` takes them.
        registry_url: Confluent-compatible API of the schema registry.
        database: Host and port of the captured database.
        authority: Returns the certificate of the database's authority as PEM, or None if the program has not made it.
        kafka: Returns librdkafka's settings.
        registry: Returns user and password of the registry, or None.
        source: Returns the login to the database.
        connect: Returns the login to the Connect workers.
    """

    name: str
    names: Names
    seams: tuple[Seam, ...]
    tables: tuple[Table, ...]
    sinks: tuple[Sink, ...]
    format: str
    bucket: str
    tasks: int
    interval_s: float
    heartbeat_s: float
    managed: bool
    level: str | None
    partitions: int
    brokers: int
    outputs: Mapping[str, Any]
    registry_url: str
    database: tuple[str, int]
    authority: Callable[[], str | None]
    kafka: Callable[[], Mapping[str, Any]]
    registry: Callable[[], tuple[str, str] | None]
    source: Callable[[], Login]
    connect: Callable[[], WorkerLogin]
