"""Agreement of source, sink, worker, publication and registry: a mismatch loses rows even where each is correct by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stack.configs.chain_rules import inserted
from stack.configs.classes import AVRO_CONVERTER, CONFLUENT_AVRO_CONVERTER, ICEBERG_SINKS, INSERT_FIELD, QUALITY, S3_SINK, UNWRAP
from stack.configs.patterns import fault_of, literal, matches
from stack.configs.problems import problem
from stack.configs.rules import listed, transforms
from stack.configs.secrecy import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from stack.problem import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Names and addresses of the stack that source and sink must match.

    Attributes:
        tables: Qualified names of the declared tables.
        heartbeat_table: Qualified name of the heartbeat table.
        publication: Qualified names of the published tables, the heartbeat table included.
        names: Expected values of the source's keys for slot, publication, topic prefix and database.
        registry_url: URL of the schema registry, as the worker reaches it.
        columns: Names of the columns of all declared tables.
        topics: Declared table to its topic, for those that have another name there.
        left_out: Names of the columns of declared tables that are not captured, with the table's.
    """

    tables: Collection[str]
    heartbeat_table: str
    publication: Collection[str]
    names: Mapping[str, str]
    registry_url: str
    columns: Collection[str] = ()
    topics: Mapping[str, str] = field(default_factory=dict)
    left_out: Collection[str] = ()


def pair_problems(
    source: Mapping[str, str],
    sink: Mapping[str, str],
    worker: Mapping[str, str],
    expected: Expected,
) -> list[Problem]:
    """Check that source, sink and worker agree with each other and with the stack.

    Args:
        source: The Debezium connector's configuration.
        sink: The sink connector's configuration.
        worker: The Connect worker's properties.
        expected: Names and addresses of the stack.

    Returns:
        One problem per key and rule; its subject is ``source``, ``sink`` or ``worker``.
    """
    prefix = source.get("topic.prefix", "")
    topics = [expected.topics.get(table, f"{prefix}.{table}") for table in listed(source, "table.include.list")]
    return [
        *_about("source", [*_captured(source, expected), *_named(source, expected), *_overwritten(source, set(expected.columns))]),
        *_about("sink", [*_read(sink, topics), *_routed(sink, topics), *_added(source, sink), *_exactly_once(sink)]),
        *_about("sink", _overwritten(sink, {*expected.columns, *_unwrapped(source)})),
        *_converted(source, sink, expected.registry_url),
        *_worker(source, worker),
    ]


def _about(end: str, problems: Iterable[Problem]) -> list[Problem]:
    return [replace(item, about=end) for item in problems]


def _captured(source: Mapping[str, str], expected: Expected) -> list[Problem]:
    captured, declared, published = set(listed(source, "table.include.list")), set(expected.tables), set(expected.publication)
    heartbeat = {expected.heartbeat_table}
    required = captured | (heartbeat if source.get("heartbeat.action.query") else set())
    wrong = (
        (declared - captured, "the table {} is declared but not captured", "add it"),
        (captured - declared, "the table {} is captured but not declared", "add it to the tables, or remove it from the list"),
        (required - published, "the publication does not contain {}, so its changes never arrive", "add it to the publication"),
        (published - required - heartbeat, "the publication contains {}, which is not captured", "remove it from the publication"),
    )
    problems = [problem(source, "table.include.list", rule.format(name), cure) for names, rule, cure in wrong for name in sorted(names)]
    if set(listed(source, "column.exclude.list")) != set(expected.left_out):
        rule = "the columns that are not captured are other than those that the tables leave out"
        problems.append(problem(source, "column.exclude.list", rule, f"set {','.join(sorted(expected.left_out)) or 'nothing'}"))
    return problems


def _named(source: Mapping[str, str], expected: Expected) -> list[Problem]:
    return [
        problem(source, key, f"the rest of this stack uses {value}", f"set {value}")
        for key, value in expected.names.items()
        if source.get(key) != value
    ]


def _read(sink: Mapping[str, str], topics: Sequence[str]) -> list[Problem]:
    expression = sink.get("topics.regex")
    if expression and fault_of(expression):
        return [problem(sink, "topics.regex", fault_of(expression), "list the topics in topics, or write a simpler pattern")]
    if expression:
        return [
            problem(sink, "topics.regex", f"does not match {topic}, whose rows would stay in Kafka", "extend the pattern")
            for topic in topics
            if not matches(expression, topic)
        ]
    read = set(listed(sink, "topics"))
    problems = [
        problem(sink, "topics", f"{topic} is not read, so its rows are deleted after the retention", "add it")
        for topic in topics
        if topic not in read
    ]
    surplus = sorted(read - set(topics))
    problems += [problem(sink, "topics", f"nothing writes {topic}", "remove it, or capture its table") for topic in surplus]
    dead = sink.get("errors.deadletterqueue.topic.name")
    if dead in read:
        problems.append(
            problem(
                sink,
                "errors.deadletterqueue.topic.name",
                "this sink also reads its own dead-letter topic, so a bad row would loop",
                "rename it",
            )
        )
    return problems


def _routed(sink: Mapping[str, str], topics: Sequence[str]) -> list[Problem]:
    if sink.get("connector.class") not in ICEBERG_SINKS or not sink.get("iceberg.tables.route-field"):
        return []
    tables = listed(sink, "iceberg.tables")
    of_one, of_many = defaultdict[str, list[str]](list), list[tuple[str, str]]()
    for table in tables:
        route = sink.get(f"iceberg.table.{table}.route-regex", "")
        text = literal(route)
        if route and text is not None:
            # almost every route: with one comparison for each pair of a topic and a route, 2,000 tables would take a minute
            of_one[text].append(table)
        elif route:
            of_many.append((table, route))
    problems = []
    for topic in (*topics, *_quarantined(sink, topics)):
        found = {*of_one.get(topic, ()), *(table for table, route in of_many if matches(route, topic))}
        taking = [table for table in tables if table in found] if len(found) > 1 else list(found)
        if len(taking) != 1:
            fate = f"to {', '.join(taking)}" if taking else "to no table and be dropped silently"
            problems.append(
                problem(sink, "iceberg.tables", f"rows of {topic} would go {fate}", "match each topic with exactly one route-regex")
            )
    return problems


def _quarantined(sink: Mapping[str, str], topics: Sequence[str]) -> list[str]:
    """Return what the rows that break a rule have in place of their topic, by which they are routed."""
    found = []
    for prefix, name in transforms(sink):
        suffix = sink.get(f"{prefix}route.suffix", "")
        if name == QUALITY and suffix:
            found += [f"{topic}{suffix}" for topic in topics if f"{prefix}table.{topic}" in sink]
    return found


def _added(source: Mapping[str, str], sink: Mapping[str, str]) -> list[Problem]:
    """Check that transforms add the fields by which the sink routes or partitions."""
    added = {value for prefix, name in transforms(sink) if name == INSERT_FIELD for key, value in sink.items() if key.startswith(prefix)}
    added |= _unwrapped(source)
    used = ["iceberg.tables.route-field"] if sink.get("connector.class") in ICEBERG_SINKS else []
    if sink.get("connector.class") == S3_SINK and sink.get("timestamp.extractor") == "RecordField":
        used.append("timestamp.field")
    rule, cure = "no transform adds this field to the rows", "add it, or name an existing field"
    return [problem(sink, key, rule, cure) for key in used if sink.get(key, "").startswith("__") and sink[key] not in added]


def _unwrapped(source: Mapping[str, str]) -> set[str]:
    """Return the names of the fields that the source adds to each row."""
    prefixes = [prefix for prefix, name in transforms(source) if name == UNWRAP]
    return {
        source.get(f"{prefix}add.fields.prefix", "__") + field.replace(".", "_")
        for prefix in prefixes
        for field in listed(source, f"{prefix}add.fields")
    }


def _overwritten(config: Mapping[str, str], taken: Collection[str]) -> list[Problem]:
    """Check for transforms that add a field of the name of a column: Connect refuses every such row."""
    rule, cure = "a column has this name already, so every row of its table would be refused", "choose another name"
    return [problem(config, key, rule, cure) for key, name in inserted(config) if name in taken]


def _exactly_once(sink: Mapping[str, str]) -> list[Problem]:
    if sink.get("consumer.override.isolation.level", "").lower() == "read_committed":
        return []
    rule, cure = "the source writes in transactions, and the sink would also read aborted ones", "set read_committed"
    return [problem(sink, "consumer.override.isolation.level", rule, cure)]


def _worker(source: Mapping[str, str], worker: Mapping[str, str]) -> list[Problem]:
    required = source.get("exactly.once.support", "requested").lower() == "required"
    enabled = worker.get("exactly.once.source.support", "disabled").lower() == "enabled"
    if required == enabled:
        return []
    rule, cure = (
        ("exactly-once delivery must be enabled in both source and worker"),
        ("set exactly.once.support=required in the source and exactly.once.source.support=enabled in the worker"),
    )
    if required:
        return [replace(problem(worker, "exactly.once.source.support", rule, cure), about="worker")]
    return [replace(problem(source, "exactly.once.support", rule, cure), about="source")]


def _converted(source: Mapping[str, str], sink: Mapping[str, str], registry_url: str) -> list[Problem]:
    problems = []
    for side in ("key", "value"):
        key, url = f"{side}.converter", f"{side}.converter.schema.registry.url"
        for end, config in (("source", source), ("sink", sink)):
            if config.get(key) not in {AVRO_CONVERTER, CONFLUENT_AVRO_CONVERTER}:
                rule, cure = "source and sink must both use Avro with schemas from the registry", f"set {AVRO_CONVERTER}"
                problems.append(replace(problem(config, key, rule, cure), about=end))
            if config.get(url, "").rstrip("/") != registry_url.rstrip("/"):
                rule, cure = f"the registry of this stack is at {shown(url, registry_url)}", "set that URL"
                problems.append(replace(problem(config, url, rule, cure), about=end))
    return problems
