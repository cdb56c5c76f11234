"""Rules for every rendered configuration: no data loss, known keys only, and agreement with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stack.configs.allowed import fixed_problems, further_problems
from stack.configs.kafka_rules import broker_problems, topic_problems
from stack.configs.pair_rules import Expected, pair_problems
from stack.configs.postgres_allowed import parameter_problems
from stack.configs.postgres_rules import postgres_problems
from stack.configs.postgres_withheld import FIXED
from stack.configs.problems import first_per_key, problem
from stack.configs.rules import listed
from stack.configs.secrecy import is_secret
from stack.configs.sink_rules import sink_problems
from stack.configs.source_rules import source_problems
from stack.configs.spelling import spelling_problems
from stack.configs.worker_rules import worker_problems
from stack.settings.quality import quarantine_name
from stack.settings.sql_names import pattern
from stack.specification.archive import quality as judging
from stack.specification.archive import sink
from stack.specification.source.sql import publication_tables
from stack.specification.streaming import debezium

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.configs.keys import Kind
    from stack.problem import Problem
    from stack.specification.stack import Specification
    from stack.specification.streaming.parts import ConnectorSpec

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
        chain: Transforms of the program, with which a longer chain must begin.
    """

    section: str
    field: str
    kind: Kind
    further: Mapping[str, str]
    rendered: Mapping[str, str]
    chain: tuple[str, ...] = ()


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
        (database, first_per_key(postgres_problems(database.rendered), parameter_problems(database.further))),
        (topics, topic_problems(names.topic(tables[0]), topics.rendered)),
    )
    expected = Expected(
        tables=[pattern(table.in_database) for table in tables],
        heartbeat_table=names.heartbeat_table,
        publication=[pattern(table) for table in publication_tables(names, tables)],
        names=debezium.expected_names(names),
        registry_url=streaming.registry_url,
        columns={column.name for table in tables for column in table.columns},
        topics={pattern(table.in_database): names.topic(table) for table in tables if table.in_database != table.qualified},
        left_out=debezium.left_out(tables),
    )
    pairs = pair_problems(source.rendered, archive.rendered, worker.rendered, expected=expected)
    archived = [table.archive_name for table in tables]
    archived += [quarantine_name(table.archive_name) for table in judging.quarantined(settings.quality, tables)]
    if len(set(archived)) < len(archived):
        # the settings say so already; one route for two tables is what follows from it
        pairs = [pair for pair in pairs if pair.key != "iceberg.tables"]
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
    format_kind: Kind = "iceberg" if settings.archive.format == "iceberg" else "s3"
    written = sink.HOUR_CHAIN if settings.archive.format == "iceberg" else sink.PLACE_CHAIN
    sink_chain = (*written, *judging.chain(settings.quality, settings.source.tables))
    change = {topic.name: topic.config for topic in streaming.kafka.topics}[settings.names.topic(settings.source.tables[0])]
    return (
        Part("source.debezium", "extra", "debezium", settings.source.debezium.extra, streaming.source_connector.config, debezium.CHAIN),
        Part("archive", "extra", format_kind, settings.archive.extra, _as_one(specification.archive.connectors), sink_chain),
        Part("streaming.connect", "extra", "worker", settings.streaming.connect.extra, streaming.connect.properties),
        Part("streaming.kafka", "extra", "broker", settings.streaming.kafka.extra, brokers),
        Part("source", "parameters", "postgresql", settings.source.parameters, parameters),
        Part("streaming.topics", "extra", "topic", settings.streaming.topics.extra, change),
    )


def _as_one(sinks: Sequence[ConnectorSpec]) -> dict[str, str]:
    """Return the configuration of all sinks, as one that reads every topic: they differ in their topics and tables, and by their names."""
    merged = {key: value for one in reversed(sinks) for key, value in one.config.items()}
    lists: dict[str, str] = {key: ",".join(one.config[key] for one in sinks) for key in ("topics", "iceberg.tables") if key in merged}
    return {**merged, **lists}


def _of_part(part: Part, *semantic: list[Problem]) -> list[Problem]:
    """Return problems of one configuration with the setting to change; for each key, those of the first check that fails."""
    further = {name.lower() for name in part.further}
    fixed = first_per_key(_owned(part), fixed_problems(part.kind, part.further, part.rendered))
    allowed = further_problems(part.kind, part.further, part.rendered)
    # a reference in place of a credential would not make the key harmless
    secret = [item for item in allowed if is_secret(item.key)]
    problems = first_per_key(fixed, spelling_problems(part.kind, part.rendered), secret, *semantic, allowed)
    if fixed:  # what the program renders is wrong only beside a key that must go
        problems = [item for item in problems if item.key.lower() in further]
    return [
        replace(item, about="", path=f"{part.section}.{part.field}" if item.key.lower() in further else part.section) for item in problems
    ]


def _owned(part: Part) -> list[Problem]:
    """Return further keys that a stack may not set; PostgreSQL ignores the case of a key."""
    decided = _SETTINGS.get(part.kind, {})
    problems = []
    for key in part.further:
        name = key.lower() if part.kind == "postgresql" else key
        if part.kind == "postgresql" and name in FIXED.names:
            problems.append(problem(part.further, key, FIXED.rule, FIXED.cure))
        elif name in decided:
            problems.append(problem(part.further, key, f"is controlled by {decided[name]}", "use that setting"))
    return [*problems, *_chained(part)]


def _chained(part: Part) -> list[Problem]:
    """Return further keys that change the program's own transforms, which may only be followed by others."""
    own = part.chain
    problems = [
        problem(part.further, key, "is fixed: the archive's columns follow from this transform", "remove it")
        for key in part.further
        if key.startswith("transforms.") and key.split(".")[1] in own
    ]
    if "transforms" in part.further and tuple(listed(part.further, "transforms")[: len(own)]) != own:
        begin = ",".join(own)
        rule = f"the archive's columns follow from the transforms of this program, {begin}, in this order"
        problems.append(problem(part.further, "transforms", rule, f"begin with {begin}, and add others behind them"))
    return problems
