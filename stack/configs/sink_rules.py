"""Rules for sinks: settings that drop, delay or falsify rows while every task is RUNNING."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.chain_rules import chain_problems, written_fields
from stack.configs.classes import AVRO_CONVERTER, CONFLUENT_AVRO_CONVERTER, ICEBERG_SINKS, S3_SINK
from stack.configs.client_rules import client_problems
from stack.configs.problems import problem
from stack.configs.rules import AtLeast, OneOf, broken, listed, literal_credentials, null_replacing, number
from stack.configs.topics import CONNECT, REGISTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem


_RULES = (
    OneOf(
        "consumer.override.isolation.level",
        ("read_committed",),
        "read_uncommitted",
        ("rows of aborted transactions would be archived too, so delivery is not exactly-once"),
        ("set read_committed"),
    ),
    OneOf(
        "consumer.override.auto.offset.reset",
        ("earliest",),
        "earliest",
        ("a new consumer group would skip the existing rows"),
        ("set earliest"),
    ),
    OneOf("consumer.override.enable.auto.commit", ("false",), "false", "offsets would be committed before rows are written", "remove it"),
    OneOf("errors.log.include.messages", ("false",), "false", "rows would be written to the log", "set false"),
    OneOf("producer.override.acks", ("all", "-1"), "all", "a failing broker could lose dead letters", "remove it, Connect uses all"),
)
_WITH_DEAD_LETTERS = (
    AtLeast("errors.deadletterqueue.topic.replication.factor", 3, 3, "dead letters would be lost with a broker", "set 3", or_default=True),
    OneOf(
        "errors.deadletterqueue.context.headers.enable",
        ("true",),
        "false",
        ("a dead letter would not contain its topic, offset and error"),
        ("set true"),
    ),
    OneOf(
        "errors.retry.timeout",
        ("-1",),
        "0",
        ("after that time a temporary error (a registry that is away) sends good rows to the dead-letter topic"),
        ("set -1"),
    ),
)
_S3_RULES = (
    AtLeast("flush.size", 100, 0, "each batch of this many rows becomes a file, with three requests", "set 1000 or more"),
    OneOf(
        "schema.compatibility",
        ("none",),
        "none",
        ("rows would be converted to another schema, and those that do not fit go to the dead-letter topic"),
        ("set NONE"),
    ),
)
_ICEBERG_RULES = (
    OneOf(
        "iceberg.tables.auto-create-enabled",
        ("false",),
        "false",
        ("the sink would create tables from the first row, without the declared types, partitions and location"),
        ("set false"),
    ),
    OneOf("iceberg.tables.dynamic-enabled", ("false",), "false", "a value in a row would choose its table", "set false"),
    OneOf(
        "iceberg.tables.evolve-schema-enabled",
        ("true",),
        "false",
        ("a column missing from the table would be silently left out of every row"),
        ("set true"),
    ),
    OneOf(
        "iceberg.kafka.isolation.level",
        ("read_committed",),
        "read_committed",
        ("the coordinator would commit files of aborted transactions"),
        ("remove it"),
    ),
    OneOf("iceberg.kafka.acks", ("all", "-1"), "all", "a failing broker could lose a commit's message, and rows with it", "remove it"),
    OneOf("iceberg.kafka.enable.idempotence", ("true",), "true", "the sink's transactions need the idempotent producer", "remove it"),
)
_WALL_CLOCKS = {"", "wallclock", "io.confluent.connect.storage.partitioner.timebasedpartitioner$wallclocktimestampextractor"}


def sink_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check a sink connector's configuration for settings that silently lose, delay or falsify a row.

    Args:
        config: The configuration of the Confluent S3 sink, of the Iceberg sink, or of another (common rules only).

    Returns:
        One problem per key and rule.
    """
    problems = [*broken(config, _RULES), *_read(config), *_dead_letters(config), *null_replacing(config), *literal_credentials(config)]
    if config.get("connector.class") == S3_SINK:
        problems += [*broken(config, _S3_RULES), *_rotation(config), *_null_values(config)]
    if config.get("connector.class") in ICEBERG_SINKS:
        problems += [*broken(config, _ICEBERG_RULES), *_routes(config), *_catalog(config)]
    problems += client_problems(config, groups=("consumer.override.", "iceberg.kafka."), producers=("producer.override.", "iceberg.kafka."))
    return [*problems, *chain_problems(config)] if config.get("connector.class") in {S3_SINK, *ICEBERG_SINKS} else problems


def _read(config: Mapping[str, str]) -> list[Problem]:
    if bool(config.get("topics")) != bool(config.get("topics.regex")):
        return []
    rule, cure = "a sink reads either a list of topics or a pattern", "set exactly one of topics and topics.regex"
    return [problem(config, "topics", rule, cure)]


def _dead_letters(config: Mapping[str, str]) -> list[Problem]:
    if config.get("errors.tolerance", "none").strip().lower() != "all":
        return []
    if not config.get("errors.deadletterqueue.topic.name"):
        rule, cure = (
            ("with errors.tolerance=all every failing row would be dropped silently"),
            ("set a topic, or set errors.tolerance=none"),
        )
        return [problem(config, "errors.deadletterqueue.topic.name", rule, cure)]
    return [*broken(config, _WITH_DEAD_LETTERS), *_impatient(config), *_of_something_else(config)]


def _of_something_else(config: Mapping[str, str]) -> list[Problem]:
    """Check for a dead-letter topic whose records something else reads."""
    name = config["errors.deadletterqueue.topic.name"]
    taken = {*CONNECT, *REGISTRY, "_schemas", config.get("iceberg.control.topic", "control-iceberg"), *listed(config, "topics")}
    if name not in taken and not name.startswith("__"):
        return []
    rule, cure = "dead letters would be read as records of that topic", "set a topic of its own, such as s3-sink-dlq"
    return [problem(config, "errors.deadletterqueue.topic.name", rule, cure)]


def _impatient(config: Mapping[str, str]) -> list[Problem]:
    """Check for a converter that takes a registry without an answer for an error of the record."""
    rule = "while the registry is away this converter fails as for a bad record, and good rows go to the dead-letter topic"
    cure = f"set {AVRO_CONVERTER}; in an image without it, set errors.tolerance=none"
    keys = ("key.converter", "value.converter")
    return [problem(config, key, rule, cure) for key in keys if config.get(key) == CONFLUENT_AVRO_CONVERTER]


def _rotation(config: Mapping[str, str]) -> list[Problem]:
    """Check that the clock closes files: those of a quiet table are not closed by count, by hour or by the time in its rows."""
    scheduled = number(config, "rotate.schedule.interval.ms", -1) > 0
    by_clock = config.get("timestamp.extractor", "").lower() in _WALL_CLOCKS and number(config, "rotate.interval.ms", -1) > 0
    problems = []
    if not scheduled and not by_clock:
        rule, cure = (
            ("rotate.interval.ms follows the time in the rows, so the last rows of a quiet table would never be written"),
            ("set for example 600000"),
        )
        problems.append(problem(config, "rotate.schedule.interval.ms", rule, cure))
    timed = scheduled or "TimeBasedPartitioner" in config.get("partitioner.class", "")
    if timed and not config.get("timezone"):
        problems.append(problem(config, "timezone", "scheduled rotation and hourly folders need a time zone", "set UTC"))
    return problems


def _null_values(config: Mapping[str, str]) -> list[Problem]:
    if config.get("behavior.on.null.values", "fail").lower() != "ignore":
        return []
    rule, cure = (
        ("a row without a value, ignored on purpose, would still go to the dead-letter topic and hide real errors there"),
        ("set false"),
    )
    return broken(config, [OneOf("report.null.values.to.dlq", ("false",), "true", rule, cure)])


def _routes(config: Mapping[str, str]) -> list[Problem]:
    tables = listed(config, "iceberg.tables")
    if not tables:
        return [problem(config, "iceberg.tables", "the sink would have no table to write to", "list the tables")]
    problems = []
    if len(tables) > 1 and not config.get("iceberg.tables.route-field"):
        rule, cure = "with several tables every row would be written to each of them", "set the field that contains the topic"
        problems.append(problem(config, "iceberg.tables.route-field", rule, cure))
    field = config.get("iceberg.tables.route-field", "")
    if field and field not in written_fields(config, "topic.field"):
        rule = "the routes are patterns of topics, and no transform writes the topic into this field, so every row would be dropped"
        cure = "name the field of a transform with topic.field, such as __topic"
        problems.append(problem(config, "iceberg.tables.route-field", rule, cure))
    for table in tables:
        key = f"iceberg.table.{table}.route-regex"
        if config.get("iceberg.tables.route-field") and not config.get(key):
            problems.append(problem(config, key, "no row would reach this table", "set the pattern of its topic"))
    if not config.get("iceberg.control.topic"):
        rule, cure = (
            "the sink's default, control-iceberg, is not declared, and brokers create no topics on demand",
            "set the declared topic",
        )
        problems.append(problem(config, "iceberg.control.topic", rule, cure))
    return problems


def _catalog(config: Mapping[str, str]) -> list[Problem]:
    uri = config.get("iceberg.catalog.uri", "")
    if uri.startswith("jdbc:postgresql:") and not re.search(r"[?&]sslmode=verify-(full|ca)\b", uri):
        return [
            problem(
                config,
                "iceberg.catalog.uri",
                "the catalog's server certificate would not be verified",
                "add sslmode=verify-full and sslrootcert",
            )
        ]
    return []
