"""Two ends that are valid alone but disagree with each other are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.pair_rules import pair_problems
from stack.settings.shop import TABLES
from tests.connector_configs import ICEBERG, PUBLISHED, REGISTRY, S3, SOURCE, WORKER, changed, expected

if TYPE_CHECKING:
    from stack.problem import Problem


def disagreements(
    source: dict[str, str] = SOURCE,
    sink: dict[str, str] = S3,
    worker: dict[str, str] = WORKER,
    publication: list[str] = PUBLISHED,
    registry_url: str = REGISTRY,
) -> list[Problem]:
    """Return the problems of a pipeline with some parts exchanged."""
    return pair_problems(source, sink, worker, expected=expected(publication, registry_url))


@pytest.mark.parametrize("sink", [S3, ICEBERG], ids=["s3", "iceberg"])
def test_what_the_program_renders_agrees(sink: dict[str, str]) -> None:
    assert disagreements(sink=sink) == []


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("slot.name", "another", "the rest of this stack uses debezium_slot"),
        ("publication.name", "debezium_publication", "the rest of this stack uses dbz_publication"),
        ("database.dbname", "shop", "the rest of this stack uses ecommerce"),
        ("key.converter", "org.apache.kafka.connect.json.JsonConverter", "source and sink must both use Avro"),
        ("value.converter.schema.registry.url", "http://schema-registry:8081", "the registry of this stack is at"),
        ("exactly.once.support", "requested", "must be enabled in both source and worker"),
    ],
)
def test_a_source_that_disagrees_is_refused(key: str, value: str, told: str) -> None:
    (problem,) = disagreements(source=changed(SOURCE, **{key: value}))
    assert str(problem).startswith(f"source: {key}")
    assert told in str(problem)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("topics", "postgres.public.users,postgres.public.products,postgres.public.orders", "postgres.public.order_items is not read"),
        ("topics", f"{S3['topics']},postgres.public.carts", "nothing writes postgres.public.carts"),
        ("consumer.override.isolation.level", "read_uncommitted", "would also read aborted ones"),
        ("timestamp.field", "__source_commit_ms", "no transform adds this field"),
        ("errors.deadletterqueue.topic.name", "postgres.public.users", "a bad row would loop"),
        ("value.converter", "org.apache.kafka.connect.json.JsonConverter", "source and sink must both use Avro"),
    ],
)
def test_a_sink_that_disagrees_is_refused(key: str, value: str, told: str) -> None:
    (problem,) = disagreements(sink=changed(S3, **{key: value}))
    assert str(problem).startswith(f"sink: {key}")
    assert told in str(problem)


def test_an_expression_for_topics_has_to_match_every_captured_table() -> None:
    assert disagreements(sink=changed(S3, **{"topics": None, "topics.regex": r"postgres\.public\..*"})) == []
    (problem,) = disagreements(sink=changed(S3, **{"topics": None, "topics.regex": r"postgres\.public\.(users|orders|products)"}))
    assert "does not match postgres.public.order_items" in str(problem)


@pytest.mark.parametrize(
    ("route", "told"), [("^nothing$", "to no table and be dropped silently"), (".*users|.*orders", "to archive.users, archive.orders")]
)
def test_every_topic_has_one_table(route: str, told: str) -> None:
    (problem,) = disagreements(sink=changed(ICEBERG, **{"iceberg.table.archive.users.route-regex": route}))
    assert told in str(problem)


def test_a_route_by_a_field_that_nothing_adds_is_refused() -> None:
    (problem,) = disagreements(sink=changed(ICEBERG, **{"iceberg.tables.route-field": "__table"}))
    assert "no transform adds this field" in str(problem)


def test_an_unpublished_table_is_reported() -> None:
    (problem,) = disagreements(publication=[name for name in PUBLISHED if name != "public.orders"])
    assert "the publication does not contain public.orders" in str(problem)
    (problem,) = disagreements(publication=[*PUBLISHED, "public.carts"])
    assert "the publication contains public.carts" in str(problem)


def test_an_unpublished_heartbeat_table_is_reported() -> None:
    """Writes to an unpublished table do not advance the slot either."""
    (problem,) = disagreements(publication=[table.qualified for table in TABLES])
    assert "the publication does not contain public.dbz_heartbeat" in str(problem)


def test_a_table_captured_at_one_end_only_is_reported_for_each_end() -> None:
    fewer = changed(SOURCE, **{"table.include.list": "public.users,public.products,public.orders"})
    told = " ".join(map(str, disagreements(source=fewer)))
    assert "the table public.order_items is declared but not captured" in told
    assert "the publication contains public.order_items" in told
    assert "nothing writes postgres.public.order_items" in told


def test_a_worker_without_exactly_once_is_reported() -> None:
    (problem,) = disagreements(worker=changed(WORKER, **{"exactly.once.source.support": "disabled"}))
    assert str(problem).startswith("worker: exactly.once.source.support")


def test_a_different_registry_is_reported_for_both_ends() -> None:
    problems = disagreements(registry_url="http://schema-registry.data-ingestion.svc.cluster.local:8081")
    assert len(problems) == 4
