"""Connector configurations of the seed stack: one run reports every mistake."""

from __future__ import annotations

from stack.configs.kafka_rules import broker_problems, topic_problems
from stack.configs.pair_rules import pair_problems
from stack.configs.spelling import spelling_problems
from stack.configs.verdict import connector_problems
from stack.configs.worker_rules import worker_problems
from tests.connector_configs import PUBLISHED, expected
from tests.seed_stack import REGISTRY, SINK, SOURCE, WORKER


def test_every_mistake_of_the_source_is_reported_at_once() -> None:
    assert {problem.key for problem in connector_problems(SOURCE)} == {
        "database.server.name",
        "transforms.unwrap.drop.tombstones",
        "transforms.unwrap.delete.handling.mode",
        "heartbeat.topics.prefix",
        "provide.transaction.metadata",
        "errors.deadletterqueue.topic.name",
        "errors.deadletterqueue.topic.replication.factor",
        "errors.deadletterqueue.context.headers.enable",
        "errors.tolerance",
        "errors.log.include.messages",
        "event.converting.failure.handling.mode",
        "exactly.once.support",
        "publication.autocreate.mode",
        "database.sslmode",
        "heartbeat.action.query",
        "transforms.unwrap.delete.tombstone.handling.mode",
        "transforms.unwrap.replace.null.with.default",
    }


def test_every_mistake_of_the_sink_is_reported_at_once() -> None:
    assert {problem.key for problem in connector_problems(SINK)} == {
        "parquet.block.size",
        "parquet.page.size",
        "s3.retry.jitter.ms",
        "s3.max.retries",
        "consumer.override.isolation.level",
        "errors.log.include.messages",
        "errors.retry.timeout",
        "key.converter",
        "value.converter",
        "rotate.schedule.interval.ms",
        "report.null.values.to.dlq",
    }


def test_every_mistake_of_the_worker_is_reported_at_once() -> None:
    assert {problem.key for problem in worker_problems(WORKER, SOURCE, SINK)} == {
        "exactly.once.source.support",
        "producer.acks",
        "config.providers",
        "rest.extension.classes",
    }
    assert [problem.key for problem in spelling_problems("worker", {"circuit_breaker.failure_threshold": "5"})]


def test_every_disagreement_of_the_two_ends_is_reported_at_once() -> None:
    problems = pair_problems(SOURCE, SINK, WORKER, expected=expected(registry_url=REGISTRY))
    assert [problem.key for problem in problems] == ["consumer.override.isolation.level"]
    wide = pair_problems(SOURCE, SINK, WORKER, expected=expected([*PUBLISHED, "public.secrets"], REGISTRY))
    assert any("the publication contains public.secrets" in str(problem) for problem in wide)


def test_a_topic_for_a_schema_history_is_reported() -> None:
    found = {"retention.ms": "604800000", "cleanup.policy": "compact"}
    assert any("is unused" in str(problem) for problem in topic_problems("schema-changes.postgres", found))


def test_missing_broker_settings_are_reported() -> None:
    found = {
        "process.roles": "broker,controller",
        "num.network.threads": "8",
        "default.replication.factor": "3",
        "min.insync.replicas": "2",
        "unclean.leader.election.enable": "false",
    }
    assert {problem.key for problem in broker_problems(found)} == {"auto.create.topics.enable", "log.dir"}


def test_a_connector_of_another_class_is_reported_as_not_judged() -> None:
    (problem,) = connector_problems({"connector.class": "org.example.Other"})
    assert "its configuration cannot be checked" in str(problem)
