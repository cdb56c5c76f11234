"""Rules for the configurations of topics, brokers, Connect and connectors: no silent loss of rows, and no unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policy import files, own_connectors, own_files
from policy.rule import Rule
from policy.sink_rules import worker_files, workers
from stack.configs.allowed import declared_problems
from stack.configs.classes import ICEBERG_SINKS
from stack.configs.kafka_rules import broker_problems, dead_letter_problems, topic_problems
from stack.configs.patterns import fault_of, matches
from stack.configs.problems import first_per_key
from stack.configs.rules import listed
from stack.configs.spelling import spelling_problems
from stack.configs.tokens import CONNECTOR, GROUP_POSITION, TOPIC
from stack.configs.topics import CONNECT, CONNECT_CONFIGS, REGISTRY, coordinator_group
from stack.configs.verdict import connector_problems
from stack.configs.worker_rules import worker_problems
from stack.problem import Problem
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


# Keys of a connector that name topics.
_TOPIC_KEYS = ("topics", "topics.regex", "topic.prefix", "errors.deadletterqueue.topic.name", "iceberg.control.topic")


def _texts(values: object) -> dict[str, str]:
    """Return a configuration as text without its unknown values, booleans in lower case."""
    if not isinstance(values, Mapping):
        return {}
    known = {key: value for key, value in values.items() if not list(unknown_paths(value))}
    return {str(key): str(value).lower() if isinstance(value, bool) else str(value) for key, value in known.items()}


def _unknown(resource: Declared) -> Iterator[Problem]:
    paths = list(unknown_paths(dict(resource.inputs)))
    if paths:
        yield Problem(rule=f"{', '.join(paths)} is not known at preview", cure="set plain values, and references to secrets")


def _with_inherited(record: Record, config: dict[str, str]) -> dict[str, str]:
    """Return a topic's configuration with the number of copies in sync that it inherits from brokers of this stack."""
    stack = record.limits.specification
    brokers = stack.streaming.kafka.created if stack else None
    key = "min.insync.replicas"
    inherited = brokers.properties[0].get(key) if brokers else None
    return {key: inherited, **config} if inherited else config


def _topic(resource: Declared, record: Record) -> Iterator[Problem]:
    if resource.type != TOPIC:
        return
    yield from _unknown(resource)
    name, copies = resource.inputs.get("name"), resource.inputs.get("replicationFactor")
    if isinstance(name, str):
        config = _with_inherited(record, _texts(resource.inputs.get("config")))
        factor = copies if isinstance(copies, int) else 1
        yield from first_per_key(spelling_problems("topic", config), topic_problems(name, config, factor, is_foreign=True))


def _captured_topics(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Check the topics that a declared connector writes or reads for what only such a topic may not have.

    A topic of others may be compacted and store its own times; which topics these are is known at the end.
    """
    uses = [_Use.of(connector.inputs.get("config")) for connector in record.of_type(CONNECTOR)]
    for resource in record.of_type(TOPIC):
        name, copies = resource.inputs.get("name"), resource.inputs.get("replicationFactor")
        if not isinstance(name, str) or not (name in (*REGISTRY, *CONNECT) or any(use.has(name) for use in uses)):
            continue
        if name == CONNECT_CONFIGS and resource.inputs.get("partitions") not in (1, None):
            rule = "Connect keeps the order of its configurations in one partition, and its workers refuse to start with more"
            yield (
                resource,
                Problem(key="partitions", value=str(resource.inputs["partitions"]), rule=rule, cure="set 1", about=f"topic {name}"),
            )
        config = _with_inherited(record, _texts(resource.inputs.get("config")))
        factor = copies if isinstance(copies, int) else 1
        alone = {item.key for item in (*spelling_problems("topic", config), *topic_problems(name, config, factor, is_foreign=True))}
        kept = dead_letter_problems(name, config) if any(use.sets_aside_in(name) for use in uses) else []
        found = first_per_key(topic_problems(name, config, factor), kept, declared_problems("topic", config))
        yield from ((resource, item) for item in found if item.key not in alone)


@dataclass(frozen=True, slots=True)
class _Use:
    """Topics that one connector writes or reads; all of them where its configuration is not known."""

    names: frozenset[str]
    prefix: str = ""
    expression: str = ""
    is_unknown: bool = False
    dead_letters: str = ""

    @classmethod
    def of(cls, config: object) -> _Use:
        """Read a connector's configuration."""
        if not isinstance(config, Mapping) or any(isinstance(config.get(key), Unknown) for key in _TOPIC_KEYS):
            return cls(frozenset(), is_unknown=True)
        known = {key: str(config[key]) for key in (*_TOPIC_KEYS, "topic.heartbeat.prefix") if config.get(key)}
        prefix = known.get("topic.prefix", "")
        beats = f"{known.get('topic.heartbeat.prefix', '__debezium-heartbeat')}.{prefix}"
        names = {*listed(known, "topics"), *(known[key] for key in _TOPIC_KEYS if key in known), *([beats] if prefix else [])}
        expression = known.get("topics.regex", "")
        unreadable = bool(expression and fault_of(expression))
        dead_letters = known.get("errors.deadletterqueue.topic.name", "")
        return cls(frozenset(names), f"{prefix}." if prefix else "", expression, unreadable, dead_letters)

    def sets_aside_in(self, topic: str) -> bool:
        """Return whether the connector sets records aside in a topic; one that is not known may, but says so itself."""
        return topic == self.dead_letters

    def has(self, topic: str) -> bool:
        """Return whether the connector uses a topic."""
        if self.is_unknown or topic in self.names or (self.prefix and topic.startswith(self.prefix)):
            return True
        return bool(self.expression) and matches(self.expression, topic)


def _connector(resource: Declared, record: Record) -> Iterator[Problem]:
    if resource.type != CONNECTOR:
        return
    yield from _unknown(resource)
    if isinstance(resource.inputs.get("config"), Mapping):
        config = _texts(resource.inputs["config"])
        yield from first_per_key(
            [*connector_problems(config), *own_connectors.unguarded(resource, config)], own_connectors.changed(resource, record)
        )


def _connectors(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    yield from _coordinators(record)
    yield from own_connectors.undeclared_topics(record)


def _coordinators(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Check that the coordinator of each Iceberg sink has a position in its control topic before it starts.

    Its group has none before its first commit, and then begins where ``iceberg.kafka.auto.offset.reset`` says: at the end, by default.
    """
    positions = {(one.inputs.get("group"), one.inputs.get("topic")) for one in record.of_type(GROUP_POSITION)}
    for connector in record.of_type(CONNECTOR):
        config, name = _texts(connector.inputs.get("config")), connector.inputs.get("name")
        if config.get("connector.class") not in ICEBERG_SINKS or config.get("iceberg.kafka.auto.offset.reset") == "earliest":
            continue
        group = coordinator_group(name, config.get("iceberg.connect.group-id"))
        topic = config.get("iceberg.control.topic", "")
        if (group, topic) not in positions:
            yield (
                connector,
                Problem(
                    key="iceberg.kafka.auto.offset.reset",
                    rule=f"a worker that dies around the sink's first commit loses its rows: {group} begins at the end of {topic}",
                    cure=f"declare a GroupPosition of the group {group} in the topic {topic}, on which the connector depends",
                ),
            )


def _broker(resource: Declared, record: Record) -> Iterator[Problem]:
    for name, config in files.with_key(resource, "process.roles"):
        found = first_per_key(_of_broker(config), own_files.changed(resource, record, "broker", name, config))
        yield from (replace(problem, about=name) for problem in found)


def _of_broker(config: dict[str, str]) -> list[Problem]:
    return first_per_key(spelling_problems("broker", config), broker_problems(config), declared_problems("broker", config))


def _worker(resource: Declared, record: Record) -> Iterator[Problem]:
    """Check the worker alone; ``_worker_with_connectors`` checks it with its connectors once all are declared."""
    for name, config in files.with_key(resource, "config.storage.topic"):
        differing = own_files.changed(resource, record, "worker", name, config)
        found = first_per_key(spelling_problems("worker", config), worker_problems(config), declared_problems("worker", config), differing)
        yield from (replace(problem, about=name) for problem in found)


def _worker_with_connectors(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    judged = {resource.urn for resource, _properties in worker_files(record)}
    for resource, _spec, container, _left in workers(record):
        if resource.urn not in judged and container.get("command"):
            yield (
                resource,
                Problem(
                    rule="no declared ConfigMap contains its worker.properties, or they are not known at preview",
                    cure="declare them in a ConfigMap, in plain text",
                ),
            )
    connectors = [_texts(connector.inputs.get("config")) for connector in record.of_type(CONNECTOR)]
    for resource in record.of_kind("ConfigMap"):
        for name, config in files.with_key(resource, "config.storage.topic"):
            alone = set(worker_problems(config))
            yield from (
                (resource, replace(problem, about=name)) for problem in worker_problems(config, *connectors) if problem not in alone
            )


RULES = (
    Rule(
        name="topic-config",
        says="Every topic has three copies, of which two acknowledge each row, and keys and values that Kafka accepts.",
        check=_topic,
        at_end=_captured_topics,
        severity="critical",
    ),
    Rule(
        name="connector-config",
        says="No connector has a setting that silently loses rows, or an unknown key.",
        check=_connector,
        at_end=_connectors,
        severity="critical",
    ),
    Rule(name="broker-config", says="Brokers lose no acknowledged row, and have no unknown key.", check=_broker),
    Rule(
        name="worker-config",
        says="Connect preserves exactly-once delivery and its secrets, and has no unknown key.",
        check=_worker,
        at_end=_worker_with_connectors,
    ),
)
