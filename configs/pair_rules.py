"""What two ends must agree on: source, sink, worker, publication and registry. Each may be right by itself, and rows still go nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from configs.message import shown, told
from configs.rules import listed, transforms
from configs.sink_rules import ICEBERG, S3
from configs.source_rules import UNWRAP

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from settings.names import Names
    from settings.tables import Table

AVRO = "io.confluent.connect.avro.AvroConverter"
_INSERT = "org.apache.kafka.connect.transforms.InsertField"


def pair_problems(
    source: Mapping[str, str],
    sink: Mapping[str, str],
    worker: Mapping[str, str],
    *,
    tables: Sequence[Table],
    names: Names,
    publication: Collection[str],
    registry_url: str,
) -> list[str]:
    """Everything on which the ends of the pipeline do not agree.

    Args:
        source: The Debezium connector's configuration.
        sink: The sink connector's configuration.
        worker: The Connect worker's properties.
        tables: The tables that are declared.
        names: The pipeline's names.
        publication: Qualified names of the published tables, the heartbeat's included.
        registry_url: The API of the registry of the chosen kind, as the worker reaches it.

    Returns:
        One sentence for each problem; it begins with ``source:``, ``sink:`` or ``worker:`` and the key.
    """
    topics = [f"{source.get('topic.prefix', '')}.{table}" for table in listed(source, "table.include.list")]
    return [
        *(f"source: {problem}" for problem in [*_captured(source, tables, names, publication), *_named(source, names)]),
        *(f"sink: {problem}" for problem in [*_read(sink, topics), *_routed(sink, topics), *_added(source, sink)]),
        *(f"sink: {problem}" for problem in _exactly_once(sink)),
        *_converted(source, sink, registry_url),
        *_worker(source, worker),
    ]


def _captured(source: Mapping[str, str], tables: Sequence[Table], names: Names, publication: Collection[str]) -> list[str]:
    captured, declared = set(listed(source, "table.include.list")), {table.qualified for table in tables}
    wanted = captured | ({names.heartbeat_table} if source.get("heartbeat.action.query") else set())
    told_of = {
        "the table {} is declared and not captured; add it": declared - captured,
        "the table {} is captured and not declared; add it to the tables, or take it off the list": captured - declared,
        "the publication does not hold {}, so its changes never come; add it there": wanted - set(publication),
        "the publication holds {}, which nothing asks for; remove it there": set(publication) - wanted - {names.heartbeat_table},
    }
    return [told(source, "table.include.list", rule.format(name)) for rule, wrong in told_of.items() for name in sorted(wrong)]


def _named(source: Mapping[str, str], names: Names) -> list[str]:
    expected = {
        "slot.name": names.slot,
        "publication.name": names.publication,
        "topic.prefix": names.topic_prefix,
        "database.dbname": names.database,
    }
    return [
        told(source, key, f"everything else of this stack says {value}; write that")
        for key, value in expected.items()
        if source.get(key) != value
    ]


def _read(sink: Mapping[str, str], topics: Sequence[str]) -> list[str]:
    expression = sink.get("topics.regex")
    if expression:
        return [
            told(sink, "topics.regex", f"does not match {topic}, whose rows would stay in Kafka; widen it")
            for topic in topics
            if not re.fullmatch(expression, topic)
        ]
    read = set(listed(sink, "topics"))
    problems = [
        told(sink, "topics", f"{topic} is not read, its rows would be gone after the retention; add it")
        for topic in topics
        if topic not in read
    ]
    surplus = sorted(read - set(topics))
    problems += [told(sink, "topics", f"nothing writes {topic}; remove it, or capture its table") for topic in surplus]
    dead = sink.get("errors.deadletterqueue.topic.name")
    if dead in read:
        problems.append(
            told(sink, "errors.deadletterqueue.topic.name", "is a topic that this sink reads: a bad row would go round; rename it")
        )
    return problems


def _routed(sink: Mapping[str, str], topics: Sequence[str]) -> list[str]:
    if sink.get("connector.class") != ICEBERG or not sink.get("iceberg.tables.route-field"):
        return []
    routes = {table: sink.get(f"iceberg.table.{table}.route-regex", "") for table in listed(sink, "iceberg.tables")}
    problems = []
    for topic in topics:
        taking = [table for table, route in routes.items() if route and re.fullmatch(route, topic)]
        if len(taking) != 1:
            fate = f"to {', '.join(taking)}" if taking else "to no table and be dropped in silence"
            problems.append(told(sink, "iceberg.tables", f"rows of {topic} would go {fate}; give each topic one route-regex"))
    return problems


def _added(source: Mapping[str, str], sink: Mapping[str, str]) -> list[str]:
    """Fields that the sink goes by and that some transform has to add."""
    added = {value for prefix, name in transforms(sink) if name == _INSERT for key, value in sink.items() if key.startswith(prefix)}
    for prefix, name in transforms(source):
        if name == UNWRAP:
            begin = source.get(f"{prefix}add.fields.prefix", "__")
            added |= {begin + field.replace(".", "_") for field in listed(source, f"{prefix}add.fields")}
    used = ["iceberg.tables.route-field"] if sink.get("connector.class") == ICEBERG else []
    if sink.get("connector.class") == S3 and sink.get("timestamp.extractor") == "RecordField":
        used.append("timestamp.field")
    rule = "no transform adds this field to the rows; add it, or name one that is there"
    return [told(sink, key, rule) for key in used if sink.get(key, "").startswith("__") and sink[key] not in added]


def _exactly_once(sink: Mapping[str, str]) -> list[str]:
    if sink.get("consumer.override.isolation.level", "").lower() == "read_committed":
        return []
    rule = "the source writes in transactions, and this end would read those that were given up; write read_committed"
    return [told(sink, "consumer.override.isolation.level", rule)]


def _worker(source: Mapping[str, str], worker: Mapping[str, str]) -> list[str]:
    required = source.get("exactly.once.support", "requested").lower() == "required"
    enabled = worker.get("exactly.once.source.support", "disabled").lower() == "enabled"
    if required == enabled:
        return []
    rule = "source and worker must both ask for exactly once: exactly.once.support=required here, exactly.once.source.support=enabled there"
    if required:
        return [f"worker: {told(worker, 'exactly.once.source.support', rule)}"]
    return [f"source: {told(source, 'exactly.once.support', rule)}"]


def _converted(source: Mapping[str, str], sink: Mapping[str, str], registry_url: str) -> list[str]:
    problems = []
    for side in ("key", "value"):
        key, url = f"{side}.converter", f"{side}.converter.schema.registry.url"
        for end, config in (("source", source), ("sink", sink)):
            if config.get(key) != AVRO:
                problems.append(f"{end}: {told(config, key, f'both ends must speak Avro with schemas from the registry; write {AVRO}')}")
            if config.get(url, "").rstrip("/") != registry_url.rstrip("/"):
                rule = f"the registry of this stack answers at {shown(url, registry_url)}; write that"
                problems.append(f"{end}: {told(config, url, rule)}")
    return problems
