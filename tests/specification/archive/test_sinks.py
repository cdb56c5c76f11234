"""Tables with a sink of their own: a connector, a control topic and a position each, which goes on where the sink of all tables stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.epoch.diagnosis import State, diagnosis
from policy.own_connectors import differing
from stack.judgement.fit import sink_heap
from stack.judgement.stack import specify
from stack.settings.names import Names
from stack.settings.sinks import sinks
from tests.epochs.stacks import ORDERS, USERS, facts

if TYPE_CHECKING:
    from stack.specification.stack import Specification

ARCHIVE: dict[str, Any] = {"bucket": "archive", "tasks": 2, "catalog": "jdbc"}
SALES = ("public.orders", "public.order_items")


def stack(epoch: int = 1, **own: Any) -> Specification:
    """Return a stack whose sales have a sink of their own."""
    return specify({"archive": {**ARCHIVE, "sinks": own}, "streaming": {"epoch": epoch, "connect": {"memoryMib": 1024}}})


def test_every_table_has_one_sink_and_no_topic_has_two() -> None:
    read = [one.config["topics"].split(",") for one in stack(sales=SALES).archive.connectors]
    assert read == [["postgres.public.users", "postgres.public.products"], ["postgres.public.orders", "postgres.public.order_items"]]
    written = [one.config["iceberg.tables"].split(",") for one in stack(sales=SALES).archive.connectors]
    assert written == [["archive.users", "archive.products"], ["archive.orders", "archive.order_items"]]


def test_the_sink_of_all_others_is_as_it_was_but_for_its_tables() -> None:
    alone, first = stack().archive.connectors[0], stack(sales=SALES).archive.connectors[0]
    assert first.name == alone.name
    changed = {key for key in alone.config if first.config.get(key) != alone.config[key]}
    assert {key for key in changed if "order" not in key} == {"topics", "iceberg.tables"}
    assert first.config.keys() <= alone.config.keys()


def test_a_sink_of_its_own_has_names_of_its_own_and_goes_on_behind_the_first_one() -> None:
    every, sales = stack(sales=SALES).archive.sinks
    assert sales.connector.name == "s3-sink-connector-sales"
    assert sales.connector.config["iceberg.control.topic"] == "iceberg-control-sales"
    assert sales.connector.config["guard.earlier.group"] == "connect-s3-sink-connector"
    assert "guard.earlier.group" not in every.connector.config
    assert sales.position is not None
    assert (sales.position.group, sales.position.topic) == ("connect-s3-sink-connector-sales-coord", "iceberg-control-sales")
    same = {key for key in sales.connector.config if every.connector.config.get(key) == sales.connector.config[key]}
    assert {"iceberg.control.commit.interval-ms", "errors.deadletterqueue.topic.name", "tasks.max", "transforms"} <= same


@pytest.mark.parametrize("group", ["connect-s3-sink-connector-sales", None])
def test_another_group_to_go_on_from_is_refused(group: str | None) -> None:
    rendered = stack(sales=SALES).archive.connectors[1].config
    declared = {key: value for key, value in {**rendered, "guard.earlier.group": group}.items() if value is not None}
    assert [problem.key for problem in differing("iceberg", declared, rendered, "connector")] == ["guard.earlier.group"]
    assert not list(differing("iceberg", rendered, rendered, "connector"))


def test_the_sink_of_all_others_goes_on_from_nobody() -> None:
    rendered = stack(sales=SALES).archive.connectors[0].config
    declared = {**rendered, "guard.earlier.group": "connect-s3-sink-connector-sales"}
    assert "guard.earlier.group" in {problem.key for problem in differing("iceberg", declared, rendered, "connector")}


@pytest.mark.parametrize(("epoch", "topics"), [(1, {"iceberg-control", "iceberg-control-sales"}), (2, None)])
def test_each_sink_has_a_control_topic_in_each_epoch(epoch: int, topics: set[str] | None) -> None:
    declared = {topic.name for topic in stack(epoch, sales=SALES).streaming.kafka.topics if topic.name.startswith("iceberg-control")}
    first = {"iceberg-control", "iceberg-control-sales"}
    assert declared == (topics or {*first, "iceberg-control-epoch2", "iceberg-control-sales-epoch2"})


def test_a_table_names_its_sink_and_tables_without_one_name_none() -> None:
    named = {table.name: table.properties.get("data-ingestion.sink") for table in stack(sales=SALES).archive.tables}
    assert named == {"users": None, "products": None, "orders": "sales", "order_items": "sales"}


def test_a_worker_holds_the_files_of_both_sinks_and_their_consumers() -> None:
    one, two = sink_heap(stack()), sink_heap(stack(sales=SALES))
    assert two.files == one.files
    assert two.needed > one.needed
    assert two.source == one.source


def test_each_table_is_compared_with_the_control_topic_of_its_own_sink() -> None:
    orders = replace(ORDERS, control={0: 7}, topic="iceberg-control-sales")
    ends = {"iceberg-control": {0: 41}, "iceberg-control-sales": {0: 7}}
    assert diagnosis(Names(), (), facts(tables=(USERS, orders), control=ends)).state is State.WHOLE
    told = diagnosis(Names(), (), facts(tables=(USERS, orders), control={**ends, "iceberg-control-sales": {0: 6}}))
    assert (told.state, told.cause) == (State.BROKEN, "lost-brokers")
    assert "iceberg-control-sales ends at offset 6 of partition 0, and the archived table of public.orders was committed at 7" in told.text


def test_without_a_sink_of_its_own_every_table_has_the_first_one() -> None:
    settings = stack().settings
    (every,) = sinks(settings.names, settings.source.tables, {})
    assert every.tables == settings.source.tables
