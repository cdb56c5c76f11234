"""Rules for every rendered configuration: no data loss, known keys only, and agreement with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from configs.kafka_rules import broker_problems, topic_problems
from configs.pair_rules import Expected, pair_problems
from configs.postgres_allowed import further_problems
from configs.postgres_rules import postgres_problems
from configs.problems import first_per_key, problem
from configs.sink_rules import sink_problems
from configs.source_rules import source_problems
from configs.spelling import spelling_problems
from configs.worker_rules import worker_problems
from specification.source.sql import publication_tables
from specification.streaming import debezium

if TYPE_CHECKING:
    from collections.abc import Mapping

    from configs.keys import Kind
    from problem import Problem
    from specification.stack import Specification

# Keys that other parts of the program depend on: addresses, files, names of two systems, sizes in the budgets.
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

# Keys that a setting controls.
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


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """One configuration that follows from the settings.

    Attributes:
        section: Path of its section in a stack file.
        field: Name of the setting with its further keys, below the section.
        kind: Kind of the configuration.
        further: Further keys of the stack file.
        rendered: The whole configuration.
    """

    section: str
    field: str
    kind: Kind
    further: Mapping[str, str]
    rendered: Mapping[str, str]


def agreement_problems(specification: Specification) -> list[Problem]:
    """Return every problem of every configuration, alone and with the others.

    Args:
        specification: Specification of the stack, with valid single values.

    Returns:
        One problem per key and rule, with the path of the setting to change.
    """
    settings, streaming = specification.settings, specification.streaming
    names, tables = settings.names, settings.source.tables
    source, archive, worker, broker, database, topics = _parts(specification)
    single = (
        (source, source_problems(source.rendered)),
        (archive, sink_problems(archive.rendered)),
        (worker, worker_problems(worker.rendered, source.rendered, archive.rendered)),
        (broker, broker_problems(broker.rendered)),
        (database, first_per_key(postgres_problems(database.rendered), further_problems(database.further))),
        (topics, topic_problems(names.topic(tables[0]), topics.rendered)),
    )
    expected = Expected(
        tables=[table.qualified for table in tables],
        heartbeat_table=names.heartbeat_table,
        publication=publication_tables(names, tables),
        names=debezium.expected_names(names),
        registry_url=streaming.registry_url,
    )
    pairs = pair_problems(source.rendered, archive.rendered, worker.rendered, expected=expected)
    ends = {source: "source", archive: "sink", worker: "worker"}
    return [
        item
        for part, problems in single
        if part.rendered
        for item in _of_part(part, problems, [pair for pair in pairs if pair.about == ends.get(part)])
    ]


def _parts(specification: Specification) -> tuple[Part, Part, Part, Part, Part, Part]:
    settings, streaming, source = specification.settings, specification.streaming, specification.source
    brokers = streaming.kafka.created.properties[0] if streaming.kafka.created else {}
    parameters = source.created.parameters if source.created else {}
    sink: Kind = "iceberg" if settings.archive.format == "iceberg" else "s3"
    change = {topic.name: topic.config for topic in streaming.kafka.topics}[settings.names.topic(settings.source.tables[0])]
    return (
        Part("source.debezium", "extra", "debezium", settings.source.debezium.extra, streaming.source_connector.config),
        Part("archive", "extra", sink, settings.archive.extra, specification.archive.sink.config),
        Part("streaming.connect", "extra", "worker", settings.streaming.connect.extra, streaming.connect.properties),
        Part("streaming.kafka", "extra", "broker", settings.streaming.kafka.extra, brokers),
        Part("source", "parameters", "postgresql", settings.source.parameters, parameters),
        Part("streaming.topics", "extra", "topic", settings.streaming.topics.extra, change),
    )


def _of_part(part: Part, *semantic: list[Problem]) -> list[Problem]:
    """Return problems of one configuration with the setting to change; for each key, those of the first check that fails."""
    problems = first_per_key(_owned(part), spelling_problems(part.kind, part.rendered), *semantic)
    further = {name.lower() for name in part.further}
    return [
        replace(item, about="", path=f"{part.section}.{part.field}" if item.key.lower() in further else part.section) for item in problems
    ]


def _owned(part: Part) -> list[Problem]:
    """Return further keys that a stack may not set; PostgreSQL ignores the case of a key."""
    fixed, decided = _FIXED[part.kind], _SETTINGS.get(part.kind, {})
    problems = []
    for key in part.further:
        name = key.lower() if part.kind == "postgresql" else key
        if name in fixed:
            problems.append(problem(part.further, key, "is fixed: other parts of the program depend on it", "remove it"))
        elif name in decided:
            problems.append(problem(part.further, key, f"is controlled by {decided[name]}", "use that setting"))
    return problems
