"""Sink settings that drop, delay or falsify rows are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from stack.configs.sink_rules import sink_problems
from tests.connector_configs import ICEBERG, S3, changed


@pytest.mark.parametrize("config", [S3, ICEBERG], ids=["s3", "iceberg"])
def test_what_the_program_renders_drops_nothing(config: dict[str, str]) -> None:
    assert sink_problems(config) == []


BOTH = [
    ("consumer.override.isolation.level", None, "aborted transactions"),
    ("consumer.override.isolation.level", "read_uncommitted", "set read_committed"),
    ("consumer.override.auto.offset.reset", "latest", "skip the existing rows"),
    ("consumer.override.enable.auto.commit", "true", "before rows are written"),
    ("errors.deadletterqueue.topic.name", None, "dropped silently"),
    ("errors.deadletterqueue.topic.replication.factor", "1", "would be lost with a broker"),
    ("errors.deadletterqueue.context.headers.enable", None, "would not contain its topic"),
    ("errors.deadletterqueue.topic.name", "connect-offsets", "read as records of that topic"),
    ("errors.deadletterqueue.topic.name", "_schemas", "read as records of that topic"),
    ("errors.deadletterqueue.topic.name", "registry-journal", "read as records of that topic"),
    ("errors.deadletterqueue.topic.name", "__consumer_offsets", "read as records of that topic"),
    ("key.converter", "io.confluent.connect.avro.AvroConverter", "while the registry is away"),
    ("value.converter", "io.confluent.connect.avro.AvroConverter", "while the registry is away"),
    ("errors.retry.timeout", "300000", "sends good rows"),
    ("errors.retry.timeout", "0", "sends good rows"),
    ("errors.retry.timeout", None, "sends good rows"),
    ("errors.log.include.messages", "true", "written to the log"),
    ("topics", None, "exactly one of topics and topics.regex"),
    ("transforms.place.replace.null.with.default", None, "where the row has NULL"),
    ("key.converter.basic.auth.user.info", "connect:hunter2", "is a credential in plain text"),
]


@pytest.mark.parametrize("config", [S3, ICEBERG], ids=["s3", "iceberg"])
@pytest.mark.parametrize(("key", "value", "told"), BOTH, ids=[f"{key}={value}" for key, value, _ in BOTH])
def test_each_way_to_lose_rows_is_refused_in_both_formats(config: dict[str, str], key: str, value: str | None, told: str) -> None:
    (problem,) = sink_problems(changed(config, **{key: value}))
    assert problem.key == key
    assert told in str(problem)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("rotate.schedule.interval.ms", None, "quiet table would never be written"),
        ("rotate.schedule.interval.ms", "-1", "quiet table would never be written"),
        ("timezone", None, "set UTC"),
        ("flush.size", "1", "with three requests"),
        ("schema.compatibility", "FULL", "set NONE"),
        ("report.null.values.to.dlq", None, "hide real errors"),
    ],
)
def test_each_way_to_hold_rows_back_is_refused_for_files(key: str, value: str | None, told: str) -> None:
    (problem,) = sink_problems(changed(S3, **{key: value}))
    assert problem.key == key
    assert told in str(problem)


@pytest.mark.parametrize("extractor", ["Record", "RecordField"])
def test_only_the_wall_clock_closes_the_file_of_a_quiet_table(extractor: str) -> None:
    quiet = changed(S3, **{"rotate.schedule.interval.ms": None, "timestamp.extractor": extractor})
    assert [problem.key for problem in sink_problems(quiet)] == ["rotate.schedule.interval.ms"]
    assert sink_problems(changed(quiet, **{"timestamp.extractor": "Wallclock"})) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("iceberg.tables.auto-create-enabled", "true", "without the declared types"),
        ("iceberg.tables.dynamic-enabled", "true", "choose its table"),
        ("iceberg.tables.evolve-schema-enabled", None, "left out of every row"),
        ("iceberg.kafka.isolation.level", "read_uncommitted", "aborted transactions"),
        ("iceberg.tables", None, "no table to write to"),
        ("iceberg.tables.route-field", None, "written to each of them"),
        ("iceberg.table.archive.users.route-regex", None, "no row would reach this table"),
        ("iceberg.control.topic", None, "is not declared"),
        ("iceberg.catalog.uri", "jdbc:postgresql://database:5432/iceberg_catalog", "would not be verified"),
        ("iceberg.catalog.jdbc.password", "hunter2", "is a credential in plain text"),
    ],
)
def test_each_way_to_lose_rows_is_refused_for_tables(key: str, value: str | None, told: str) -> None:
    (problem,) = sink_problems(changed(ICEBERG, **{key: value}))
    assert problem.key == key
    assert told in str(problem)


def test_a_sink_that_stops_at_the_first_error_needs_no_dead_letters() -> None:
    assert sink_problems(changed(S3, **{"errors.tolerance": "none", "errors.deadletterqueue.topic.name": None})) == []


def test_another_sink_is_held_to_the_common_rules() -> None:
    config = {"connector.class": "org.example.Sink", "topics": "a", "errors.tolerance": "none"}
    assert [problem.key for problem in sink_problems(config)] == ["consumer.override.isolation.level"]
