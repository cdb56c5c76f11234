"""Judges what the settings make of every part: Debezium, sink, worker, brokers, topics, PostgreSQL, and what two of them must agree on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.kafka_rules import broker_problems, topic_problems
from configs.message import key_of, told
from configs.pair_rules import pair_problems
from configs.postgres_rules import postgres_problems
from configs.sink_rules import sink_problems
from configs.source_rules import source_problems
from configs.spelling import spelling_problems
from configs.verdict import once
from configs.worker_rules import worker_problems
from specification.archive import sink
from specification.services import Address, Reach
from specification.source.postgres import server_parameters
from specification.source.sql import publication_tables
from specification.streaming import connect, debezium, kafka, registry
from specification.streaming.topics import change_topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from configs.keys import Kind
    from settings.model import Settings

PROJECT = "data-ingestion"
"""The project's name, the prefix of every setting."""

_DATABASE = Address(host="database", port=5432)

_FIXED = {
    "debezium": (
        *("connector.class", "database.hostname", "database.port", "database.user", "database.password", "database.sslrootcert"),
        *("slot.name", "publication.name", "heartbeat.action.query"),
    ),
    "s3": ("connector.class", "storage.class", "topics.dir", "errors.deadletterqueue.topic.name"),
    "iceberg": ("connector.class", "iceberg.control.topic", "iceberg.catalog", "errors.deadletterqueue.topic.name"),
    "worker": (
        *("bootstrap.servers", "group.id", "listeners", "plugin.path", "rest.advertised.host.name", "config.storage.topic"),
        *("offset.storage.topic", "status.storage.topic", "config.providers.dir.param.allowed.paths"),
        *(f"{client}{key}" for client in ("", "producer.", "consumer.", "admin.") for key in ("security.protocol", "sasl.mechanism")),
    ),
    "broker": (
        *("process.roles", "node.id", "controller.quorum.voters", "controller.listener.names", "listeners", "advertised.listeners"),
        *("listener.security.protocol.map", "inter.broker.listener.name", "log.dirs", "log.segment.bytes", "log.segment.delete.delay.ms"),
        *("log.retention.check.interval.ms", "offsets.topic.num.partitions", "offsets.topic.segment.bytes", "metadata.log.segment.bytes"),
        *("transaction.state.log.num.partitions", "transaction.state.log.segment.bytes", "metadata.max.retention.bytes"),
    ),
    "topic": ("segment.bytes",),
    "postgresql": (
        *("listen_addresses", "port", "unix_socket_directories", "hba_file", "ident_file", "data_directory", "ssl_cert_file"),
        *("ssl_key_file", "max_wal_size"),
    ),
}
"""Keys that other parts of the program count on: addresses, files, names of two systems, sizes in the budgets."""

_SETTINGS = {
    "debezium": {
        "database.dbname": "names.database",
        "topic.prefix": "names.topicPrefix",
        "table.include.list": "source.tables",
        "snapshot.mode": "source.debezium.snapshotMode",
        "poll.interval.ms": "source.debezium.pollIntervalMs",
        "heartbeat.interval.ms": "source.debezium.heartbeatIntervalMs",
        "max.queue.size.in.bytes": "source.debezium.maxQueueMib",
    },
    "s3": {
        "flush.size": "archive.flushRecords",
        "rotate.interval.ms": "archive.commitIntervalMs",
        "rotate.schedule.interval.ms": "archive.commitIntervalMs",
        "s3.bucket.name": "archive.bucket",
        "s3.region": "archive.region",
        "tasks.max": "archive.tasks",
        "topics": "source.tables",
    },
    "iceberg": {
        "iceberg.control.commit.interval-ms": "archive.commitIntervalMs",
        "tasks.max": "archive.tasks",
        "topics": "source.tables",
        "iceberg.tables": "source.tables",
    },
    "topic": {"retention.ms": "streaming.topics.retentionDays", "retention.bytes": "streaming.topics.retentionMib"},
    "postgresql": {
        "max_connections": "source.maxConnections",
        "shared_buffers": "source.sharedBuffersMib",
        "max_slot_wal_keep_size": "source.slotWalKeepMib",
    },
}
"""Keys that a setting of their own decides."""


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One configuration that the settings make.

    Attributes:
        section: Path of its section in a stack file.
        field: Name of the setting with its further keys, below the section.
        kind: What the configuration is for.
        given: The further keys that the stack gives.
        made: The whole configuration.
    """

    section: str
    field: str
    kind: Kind
    given: Mapping[str, str]
    made: Mapping[str, str]


def connector_problems(settings: Settings) -> list[str]:
    """Every problem of every configuration that the settings make, each with the path of the setting.

    Args:
        settings: The settings, each value valid by itself.

    Returns:
        One sentence for each problem: ``data-ingestion:`` and the path, then key, value unless it is a secret, rule and cure.
    """
    names, streaming = settings.names, settings.streaming
    url = registry.api_url(names, streaming.registry)
    source, archive, worker, broker, database, topics = _parts(settings, url)
    first_topic = topic_problems(names.topic(settings.source.tables[0]), topics.made)
    single = (
        (source, source_problems(source.made)),
        (archive, sink_problems(archive.made)),
        (worker, worker_problems(worker.made, source.made, archive.made)),
        (broker, broker_problems(broker.made)),
        (database, postgres_problems(database.made)),
        (topics, [problem.partition(": ")[2] for problem in first_topic]),
    )
    published = publication_tables(names, settings.source.tables)
    pairs = pair_problems(
        source.made, archive.made, worker.made, tables=settings.source.tables, names=names, publication=published, registry_url=url
    )
    ends = {source: "source: ", archive: "sink: ", worker: "worker: "}
    lines = []
    for part, problems in single:
        end = ends.get(part, "none of them")
        lines += _lines(part, problems, [problem.removeprefix(end) for problem in pairs if problem.startswith(end)])
    return lines


def _parts(settings: Settings, registry_url: str) -> tuple[Part, Part, Part, Part, Part, Part]:
    names, streaming, source, archive = settings.names, settings.streaming, settings.source, settings.archive
    read = debezium.source_config(names, source.tables, _DATABASE, registry_url, source.debezium)
    if archive.format == "iceberg":
        written = sink.iceberg_config(names, source.tables, archive, registry_url, _DATABASE, streaming.kafka.external)
    else:
        written = sink.parquet_config(names, source.tables, archive, registry_url)
    outside = Reach(host=settings.host, names=names).brokers[0].outside
    brokers = kafka.server_properties(names, 0, outside, streaming.kafka.extra)
    worker = connect.worker_properties(names, streaming.connect.extra, streaming.kafka.external)
    change = change_topics(names, source.tables, streaming.topics)[0].config
    return (
        Part("source.debezium", "extra", "debezium", source.debezium.extra, read),
        Part("archive", "extra", "iceberg" if archive.format == "iceberg" else "s3", archive.extra, written),
        Part("streaming.connect", "extra", "worker", streaming.connect.extra, worker),
        Part("streaming.kafka", "extra", "broker", streaming.kafka.extra, brokers),
        Part("source", "parameters", "postgresql", source.parameters, server_parameters(source)),
        Part("streaming.topics", "extra", "topic", streaming.topics.extra, change),
    )


def _lines(part: Part, *semantic: list[str]) -> list[str]:
    """A part's problems with their paths; what is said once about a key is not said again by a later check."""
    found = once(_owned(part), spelling_problems(part.kind, part.made), *semantic)
    return [f"{PROJECT}:{_path(part, key_of(problem))}: {problem}" for problem in found]


def _path(part: Part, key: str) -> str:
    given = {name.lower() for name in part.given}
    return f"{part.section}.{part.field}" if key.lower() in given else part.section


def _owned(part: Part) -> list[str]:
    """Further keys that are not the stack's to give; PostgreSQL does not mind capitals."""
    fixed, decided = _FIXED[part.kind], _SETTINGS.get(part.kind, {})
    problems = []
    for key in part.given:
        name = key.lower() if part.kind == "postgresql" else key
        if name in fixed:
            problems.append(told(part.given, key, "is fixed by the program, whose other parts count on it; remove it"))
        elif name in decided:
            problems.append(told(part.given, key, f"is decided by {decided[name]}; write it there"))
    return problems
